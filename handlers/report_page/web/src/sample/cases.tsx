// The test cases of a sample: verdict, input, expected and observed, errors.

import { useState } from "preact/hooks";
import { isObject } from "../data";
import { Line, LongText, CutNote } from "../parts/texts";
import { Verdict } from "../parts/verdict";
import { count, short, textOf } from "../text";
import { Difference } from "./difference";

const CASES_SHOWN = 30;

export function Cases({ cases, total }: { cases: unknown[]; total: number }) {
  const [limit, setLimit] = useState(CASES_SHOWN);
  const all = cases.map((value, index) => ({ value: isObject(value) ? value : { detail: textOf(value) }, index }));
  const failed = all.filter(({ value }) => textOf(value.verdict) !== "accepted");
  const [onlyFailed, setOnlyFailed] = useState(failed.length > 0 && failed.length < all.length);
  const shown = onlyFailed ? failed : all;
  return (
    <section aria-label="Test cases">
      <header class="bar">
        <h3>
          Test cases <span class="hint">{caption(all.length - failed.length, all.length, total)}</span>
        </h3>
        {failed.length > 0 && failed.length < all.length && (
          <label class="check">
            <input type="checkbox" checked={onlyFailed} onChange={() => setOnlyFailed(!onlyFailed)} /> failed only
          </label>
        )}
      </header>
      <ol class="cases">
        {shown.slice(0, limit).map(({ value, index }, position) => (
          <li key={index}>
            <Case value={value} number={index + 1} isOpen={position === 0 && textOf(value.verdict) !== "accepted"} />
          </li>
        ))}
      </ol>
      {shown.length > limit && (
        <button class="more" onClick={() => setLimit(limit + 100)}>
          Show more ({count(shown.length - limit)} left)
        </button>
      )}
    </section>
  );
}

function caption(accepted: number, shown: number, total: number): string {
  return `${count(accepted)} of ${count(shown)} accepted${total > shown ? `; the report has the first ${count(shown)} of ${count(total)}` : ""}`;
}

function Case({ value, number, isOpen: isFirstOpen }: { value: Record<string, unknown>; number: number; isOpen: boolean }) {
  const [isOpen, setOpen] = useState(isFirstOpen);
  const text = (name: string) => (value[name] === null || value[name] === undefined ? null : textOf(value[name]));
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="number">{number}</span>
        <Verdict verdict={textOf(value.verdict)} />
        <Line text={[text("name"), text("error") ?? text("detail"), text("input")].filter(Boolean).join("  ")} />
      </summary>
      {isOpen && <CaseBody value={value} text={text} />}
    </details>
  );
}

function CaseBody({ value, text }: { value: Record<string, unknown>; text: (name: string) => string | null }) {
  const [expected, observed] = [text("expected"), text("observed")];
  const size = (name: string) => (typeof value[name] === "number" ? value[name] : undefined);
  return (
    <div class="body">
      <Facts value={value} />
      {text("input") !== null && <Part title="Input" text={text("input")!} sizeBytes={size("input_bytes")} />}
      {expected !== null && observed !== null && (
        <>
          <Difference expected={expected} observed={observed} />
          <CutNote shown={expected} sizeBytes={size("expected_bytes")} />
          <CutNote shown={observed} sizeBytes={size("observed_bytes")} />
        </>
      )}
      {expected !== null && observed === null && <Part title="Expected (nothing was observed)" text={expected} sizeBytes={size("expected_bytes")} />}
      {expected === null && observed !== null && <Part title="Observed" text={observed} sizeBytes={size("observed_bytes")} />}
      {text("error") && <Part title="Error" text={text("error")!} />}
      {text("stdout") && <Part title="Standard output" text={text("stdout")!} />}
      {text("stderr") && <Part title="Standard error" text={text("stderr")!} />}
    </div>
  );
}

function Facts({ value }: { value: Record<string, unknown> }) {
  const number = (name: string, unit: string) => (typeof value[name] === "number" ? `${short(value[name])} ${unit}` : "");
  const parts = typeof value.parts === "number" && value.parts > 1 ? `${short(Number(value.share) * value.parts)} of ${value.parts} parts` : "";
  const facts = [
    textOf(value.ending).replaceAll("_", " "),
    textOf(value.detail),
    typeof value.exit_status === "number" ? `exit status ${value.exit_status}` : "",
    value.signal === null || value.signal === undefined ? "" : `signal ${textOf(value.signal)}`,
    parts,
    number("cpu_seconds", "s CPU"),
    number("wall_seconds", "s"),
    number("memory_mb", "MB"),
  ];
  return (
    <p class="facts">
      {facts.filter(Boolean).map((fact, index) => (
        <span key={index}>
          <Line text={fact} />
        </span>
      ))}
    </p>
  );
}

export function Part({ title, text, sizeBytes }: { title: string; text: string; sizeBytes?: number }) {
  return (
    <div class="part">
      <h4>{title}</h4>
      <LongText text={text} label={title} sizeBytes={sizeBytes} />
    </div>
  );
}
