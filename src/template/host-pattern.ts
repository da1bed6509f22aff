/**
 * Whether a host matches a pattern of the operator: `logs.example.com`, `*.logs.example.com` (a star is exactly one
 * label), either with a port. Without a port, the pattern allows every port. Case-insensitive.
 *
 * @param port the port in use, even if it is the scheme's default.
 */
export function matchesHost(pattern: string, host: string, port: string): boolean {
  const [wanted = "", wantedPort = port] = pattern.toLowerCase().split(":");
  const labels = host.toLowerCase().split(".");
  const wantedLabels = wanted.split(".");
  return (
    wantedPort === port &&
    wantedLabels.length === labels.length &&
    wantedLabels.every((label, index) => label === "*" || label === labels[index])
  );
}
