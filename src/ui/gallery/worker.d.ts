/** A worker whose program stands in the page's (https://vite.dev/guide/features#import-with-query-suffixes). */
declare module "*?worker&inline" {
  const WorkerOfPage: new () => Worker;
  export default WorkerOfPage;
}
