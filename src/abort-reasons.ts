// Shared, because `abort()` without a reason makes a DOMException with a stack, which costs more than all else in the
// abort.

/** Abort reason for work whose result nobody awaits any longer. */
export const NO_LONGER_NEEDED = new Error("The result is no longer needed.");

/** Abort reason for a request whose client has closed the connection, or the stream. */
export const CLIENT_LEFT = new Error("The client disconnected.");
