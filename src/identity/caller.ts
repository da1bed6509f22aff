/** Who calls: what the cluster says about the owner of a token. */
export interface Caller {
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  /** What else the authenticator says; handed on to access reviews as it is. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
}
