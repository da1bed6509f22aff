import { createAddressSet, kindOfAddress } from "./address-kind.ts";

/** Thrown when an address may not be connected to. For the server's own log: it names host and address. */
export class EgressRefused extends Error {
  readonly code = "ERR_EGRESS_REFUSED";

  constructor(message: string) {
    super(message);
    this.name = "EgressRefused";
  }
}

/** Decides which addresses may be connected to. */
export interface AddressPolicy {
  /**
   * @param host what was asked for: a name, or the address itself.
   * @param written whether the operator wrote the host. Else values that users choose have made it.
   * @throws EgressRefused
   */
  check(host: string, address: string, written: boolean): void;
}

/**
 * Makes the decision: public addresses may be connected to; loopback and private ones only where the operator wrote the host; link-local ones, metadata
 * services and all that is reserved not at all.
 *
 * @param allow addresses and ranges that may be connected to whatever they are.
 * @throws Error when an entry is neither an address nor a range.
 */
export function createAddressPolicy(allow: readonly string[]): AddressPolicy {
  const allowed = createAddressSet(allow);
  return {
    check(host, address, written) {
      const kind = kindOfAddress(address);
      if (kind === "public" || (kind === "private" && written) || allowed.has(address)) return;
      const what =
        kind === "private" ? "private, which is not allowed for a host with variables" : "reserved for a special purpose";
      const at = host === address ? address : `${host} has the address ${address}, which`;
      throw new EgressRefused(`${at} is ${what}. An entry in egress.allow would allow it.`);
    },
  };
}
