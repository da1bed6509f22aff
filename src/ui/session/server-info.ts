import { create } from "@bufbuild/protobuf";
import { useSyncExternalStore } from "react";
import {
  type GetServerInfoResponse,
  GetServerInfoResponseSchema,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { client } from "./page-client.ts";

let info: GetServerInfoResponse = create(GetServerInfoResponseSchema);
let isAsked = false;
const listeners = new Set<() => void>();

/** The server's public information: version, contact, retention of logs. Empty until the server has responded. */
export function useServerInfo(): GetServerInfoResponse {
  return useSyncExternalStore(subscribe, () => info);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!isAsked) {
    isAsked = true;
    client.getServerInfo({}).then(
      (answer) => {
        info = answer;
        for (const each of listeners) each();
      },
      () => {
        isAsked = false;
      },
    );
  }
  return () => listeners.delete(listener);
}
