import { AnalysisPhase, createTaffrailClient, describeError } from "taffrail";

const baseUrl = process.env.TAFFRAIL_SERVER ?? "http://127.0.0.1:8080";
const client = createTaffrailClient({ baseUrl, token: "demo-viewer" });
const namespace = "guestbook";
try {
  const { analysisRuns } = await client.listAnalysisRuns({ namespace, phases: [AnalysisPhase.FAILED], pageSize: 1 });
  for await (const event of client.getAnalysisRunLogs({ namespace, name: analysisRuns[0]?.name ?? "" })) {
    if (event.kind === "chunk") process.stdout.write(event.bytes);
    if (event.kind === "end") console.error(`${event.end.lines} lines, ${event.end.bytes} bytes`);
  }
} catch (error) {
  console.error(describeError(error));
}
