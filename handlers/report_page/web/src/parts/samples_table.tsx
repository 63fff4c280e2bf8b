// The columns of a table of samples.

import { placeOf, type Meta } from "../data";
import type { Index } from "../select";
import { count, decimal, duration, signed } from "../text";
import type { Column } from "./table";
import { Line } from "./texts";
import { Verdict } from "./verdict";

// Return the columns that a run has values for. *rows* are samples, in the order of the table.
export function sampleColumns(meta: Meta, index: Index, rows: Uint32Array): Column[] {
  const { run } = index;
  const at = (name: string) => (row: number) => run.values(name)[rows[row]!]!;
  const label = (name: "source" | "reason" | "role", texts: string[]) => (row: number) => <Line text={texts[run.indexOf(name)[rows[row]!]!] ?? ""} />;
  const prompt = (row: number) => {
    const group = meta.groups[run.indexOf("group")[rows[row]!]!];
    return <Line text={group ? group.label || group.key : ""} />;
  };
  const changes = index.pairs ? index.changes() : null;
  const columns: (Column & { needs?: string })[] = [
    { name: "id", label: "Sample", width: "minmax(90px, 1.1fr)", isNarrow: true, cell: (row) => <Line text={run.idTexts[rows[row]!] ?? ""} /> },
    { name: "verdict", label: "Verdict", width: "minmax(64px, 176px)", narrowWidth: "56px", isNarrow: true, cell: (row) => <Verdict verdict={run.verdict(rows[row]!)} /> },
    { name: "reward", label: "Reward", width: "112px", narrowWidth: "64px", isNumber: true, isNarrow: true, cell: (row) => <Reward value={at("reward")(row)} part={placeOf(meta, at("reward")(row))} /> },
    { name: "change", label: "B − A", width: "72px", isNumber: true, isNarrow: true, cell: (row) => (changes ? signed(changes[rows[row]!]!) : ""), needs: index.pairs ? undefined : "nothing" },
    { name: "tests_passed", label: "Tests", width: "72px", isNumber: true, needs: "tests_total", cell: (row) => <Tests passed={at("tests_passed")(row)} total={at("tests_total")(row)} /> },
    { name: "step", label: "Step", width: "60px", isNumber: true, needs: "step", cell: (row) => plainNumber(at("step")(row)) },
    { name: "duration_ms", label: "Time", width: "76px", isNumber: true, needs: "duration_ms", cell: (row) => duration(at("duration_ms")(row)), help: "wall time of scoring the sample" },
    { name: "role", label: "Program", width: "minmax(80px, 0.8fr)", needs: "role", cell: label("role", meta.roles) },
    { name: "reason", label: "Why", width: "minmax(90px, 1.2fr)", needs: "reason", cell: label("reason", meta.reasons) },
    { name: "source", label: "Source", width: "minmax(70px, 0.6fr)", needs: "source", cell: label("source", meta.sources) },
    { name: "group", label: "Prompt", width: "minmax(90px, 1.4fr)", needs: "group", cell: prompt },
  ];
  return columns.filter(({ needs }) => needs === undefined || run.has(needs));
}

function plainNumber(number: number): string {
  return Number.isNaN(number) ? "" : String(number);
}

function Tests({ passed, total }: { passed: number; total: number }) {
  return <>{total > 0 ? `${count(passed)}/${count(total)}` : ""}</>;
}

function Reward({ value, part }: { value: number; part: number }) {
  return (
    <span class="reward">
      <span class="track" aria-hidden="true">
        {part > 0 && <span class="fill" style={{ width: `${100 * part}%` }} />}
      </span>
      {decimal(value)}
    </span>
  );
}
