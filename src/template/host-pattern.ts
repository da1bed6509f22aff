/**
 * Whether a host is one that a pattern of the operator's allows: `logs.example.com`, `*.logs.example.com` (a star is exactly one label) or
 * either with a port. Without a port, the pattern allows every port. Letter case does not count.
 *
 * @param port the port in use, also where it is the scheme's own.
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
