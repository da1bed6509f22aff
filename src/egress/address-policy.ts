import { createAddressSet, kindOfAddress } from "./address-kind.ts";

/**
 * Thrown when connecting to an address is not allowed. For the server's own log: it contains the host and the address.
 */
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
   * @param host the requested host: a name, or the address itself.
   * @param written whether the host is literal text of the operator. Otherwise it was made from values that users
   * choose.
   * @throws EgressRefused
   */
  check(host: string, address: string, written: boolean): void;
}

/**
 * Creates the policy: public addresses are allowed; loopback and private ones only for a literal host; link-local
 * addresses, metadata services and everything reserved not at all.
 *
 * @param allow addresses and CIDR ranges to allow whatever they are.
 * @throws Error if an entry is neither an address nor a range.
 */
export function createAddressPolicy(allow: readonly string[]): AddressPolicy {
  const allowed = createAddressSet(allow);
  return {
    check(host, address, written) {
      const kind = kindOfAddress(address);
      if (kind === "public" || (kind === "private" && written) || allowed.has(address)) return;
      const what =
        kind === "private"
          ? "private, which is not allowed for a host with variables"
          : "reserved for a special purpose";
      const at = host === address ? address : `${host} has the address ${address}, which`;
      throw new EgressRefused(`${at} is ${what}. An entry in egress.allow would allow it.`);
    },
  };
}
