/** A sentence with emphasis between `**`. A name that contains `**` is at worst shown in bold. */
export function Rich({ text }: { readonly text: string }) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one sentence have no other order.
  return text.split("**").map((part, index) => (index % 2 === 1 ? <b key={index}>{part}</b> : part));
}
