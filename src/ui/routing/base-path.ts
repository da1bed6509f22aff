/** The path before all addresses of ours, such as `/taffrail`; empty where there is none. The server has put it into the page. */
export const BASE_PATH = document.querySelector<HTMLMetaElement>('meta[name="taffrail-base"]')?.content ?? "";
