export { CompareViewer } from "./compare-viewer.tsx";
export { LogViewer } from "./log-viewer.tsx";
export type { LineRange } from "./store/line-names.ts";
export type { TimeFormat } from "./store/line-time.ts";
export type { LogRequest } from "./store/log-reader.ts";
export { DEFAULT_VIEW, type ViewState } from "./view-state.ts";
export type {
  ComparedLog,
  CompareViewerProps,
  LogViewerHandle,
  LogViewerProps,
  LogViewerSummary,
} from "./viewer-props.ts";
export { VIEWER_TEXT, type ViewerText } from "./viewer-text.ts";
