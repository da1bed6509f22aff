/** A worker with inlined code (https://vite.dev/guide/features#import-with-query-suffixes). */
declare module "*?worker&inline" {
  const WorkerOfPage: new () => Worker;
  export default WorkerOfPage;
}
