/** What kind of server has sent this page: see `PageKind` in src/server/page-files.ts. It writes that into the page. */
const kind = document.querySelector<HTMLMetaElement>('meta[name="taffrail-kind"]')?.content;

export const IS_DEMO = kind === "demo";
/** Whether it is for the user of this computer alone, who signs in with a link. */
export const IS_LOCAL = kind === "local";
