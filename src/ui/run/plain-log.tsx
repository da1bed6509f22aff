import { useEffect, useRef, useState } from "react";
import { severityOf } from "../../client/severity.ts";
import { useText } from "../text/text.tsx";
import type { LogProps, LogSummary } from "./log-props.ts";
import styles from "./plain-log.module.css";

interface Line {
  readonly number: number;
  readonly text: string;
  readonly isError: boolean;
}

/** As many lines are kept from the beginning, and from the end. */
const KEPT = 2_000;
/** How often new lines are drawn, in milliseconds. */
const DRAW_MS = 50;
const UNSHOWN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences and controls are left out.
  /\x1b\[[0-9:;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]/g;

/** Shows a log as a plain list: its beginning, its end, and the lines that the address names. */
export function PlainLog({ client, request, lines: named, onLines, onSummary }: LogProps) {
  const text = useText();
  const [lines, setLines] = useState<readonly Line[]>([]);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the request's text says whether it is another one.
  useEffect(() => {
    const leaving = new AbortController();
    const head: Line[] = [];
    let tail: Line[] = [];
    let held = "";
    let number = 1;
    let summary: LogSummary = {
      state: { kind: "connecting" },
      origin: undefined,
      lines: 0,
      bytes: 0,
      errors: 0,
      firstError: undefined,
      end: undefined,
      error: undefined,
    };
    const tell = (changes: Partial<LogSummary>): void => {
      summary = { ...summary, ...changes };
    };
    const take = (raw: string): void => {
      const isError = severityOf(raw) === "error";
      const line = { number, text: raw.replace(UNSHOWN, "").slice(0, 4_096), isError };
      number += 1;
      if (head.length < KEPT) head.push(line);
      else tail.push(line);
      if (tail.length > 2 * KEPT) tail = tail.slice(-KEPT);
      tell({
        lines: summary.lines + 1,
        ...(isError && {
          errors: summary.errors + 1,
          firstError: summary.firstError ?? { line: line.number, text: line.text.trim() },
        }),
      });
    };
    const draw = (): void => {
      setLines([...head, ...tail]);
      onSummary(summary);
    };
    const timer = setInterval(draw, DRAW_MS);
    const read = async (): Promise<void> => {
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      const onState = (state: LogSummary["state"]): void => tell({ state });
      for await (const event of client.getAnalysisRunLogs(request, { signal: leaving.signal, onState })) {
        if (event.kind === "origin" || event.kind === "resumed") tell({ origin: event.origin });
        if (event.kind === "end") tell({ end: event.end });
        if (event.kind !== "chunk") continue;
        if (event.firstLine > 0 && held === "") number = event.firstLine;
        tell({ bytes: summary.bytes + event.bytes.length });
        const parts = (held + decoder.decode(event.bytes, { stream: true })).split("\n");
        held = parts.pop() ?? "";
        for (const part of parts) take(part);
      }
      if (held !== "") take(held);
    };
    read()
      .catch((error: unknown) => tell({ error }))
      .finally(() => {
        clearInterval(timer);
        if (!leaving.signal.aborted) draw();
      });
    return () => {
      clearInterval(timer);
      leaving.abort();
    };
  }, [client, JSON.stringify(request, (_, value) => (typeof value === "bigint" ? String(value) : value))]);

  const target = named?.first;
  const isThere = target !== undefined && lines.some(({ number }) => number === target);
  useEffect(() => {
    const rows = box.current;
    const row = isThere ? rows?.querySelector<HTMLElement>(`[data-line="${target}"]`) : undefined;
    if (rows && row) rows.scrollTop = row.offsetTop - rows.clientHeight / 2;
  }, [target, isThere]);
  useEffect(() => {
    const rows = box.current;
    if (rows && lines.length > 0 && isAtEnd.current && target === undefined) rows.scrollTop = rows.scrollHeight;
  }, [lines, target]);

  return (
    <section
      ref={box}
      className={styles.rows}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
      tabIndex={0}
      aria-label={text.log.region(request.metricName ?? "")}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollTop + clientHeight > scrollHeight - 20;
      }}
    >
      {lines.map(({ number, text: line, isError }, index) => (
        <div
          key={number}
          data-line={number}
          className={`${styles.row} ${isError ? styles.error : ""} ${isIn(number, named) ? styles.named : ""} ${
            index > 0 && lines[index - 1]?.number !== number - 1 ? styles.gap : ""
          }`}
        >
          <a
            href={`#L${number}`}
            className={styles.number}
            onClick={(event) => {
              event.preventDefault();
              onLines({ first: number, last: number });
            }}
          >
            {number}
          </a>
          <span>{line}</span>
        </div>
      ))}
    </section>
  );
}

function isIn(number: number, named: LogProps["lines"]): boolean {
  return named !== undefined && number >= named.first && number <= named.last;
}
