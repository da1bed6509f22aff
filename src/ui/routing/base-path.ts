/** The path before all our addresses, such as `/taffrail`, or empty. The server writes it into the page. */
export const BASE_PATH = document.querySelector<HTMLMetaElement>('meta[name="taffrail-base"]')?.content ?? "";
