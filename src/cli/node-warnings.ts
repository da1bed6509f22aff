/** Warnings of Node that are for its developers: SOCKS proxies in undici, and servers that are named by their address. */
const NOT_FOR_USERS = /^(SOCKS5 proxy support is experimental|Setting the TLS ServerName to an IP address)/;

/** Keeps warnings off stderr about which users can do nothing. All others are printed as by Node. */
export function quietenNode(): void {
  const printing = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning) => {
    if (NOT_FOR_USERS.test(warning.message)) return;
    for (const print of printing) print(warning);
  });
}
