// Read the blocks of data in the page. ../../README.md defines them.
//
// Nothing here trusts a value: texts may be anything, numbers may be missing.

import { textOf, textsOf } from "./text";

export const DIMENSIONS = ["correctness", "compile", "format", "safety", "conciseness", "similarity"] as const;
const CHUNK_SAMPLES = 100;
const FORMAT = 1;
export const UNKNOWN = -1; // the index of a name that is not known
const REWARD_DIGITS = 1e9;
const LARGEST_NUMBER = 1e15; // sums and edges of bins of larger ones are not exact, or overflow

export interface Group {
  key: string;
  label: string;
}

// What an audit found about a prompt group.
export interface AuditFinding {
  group: number;
  severity: string;
  kind: string;
  field: string;
  problem: string;
  fix: string;
}

export interface Meta {
  kind: string;
  title: string;
  notes: string[];
  versions: string;
  rewardRange: [number, number];
  weights: Map<string, number>;
  verdicts: string[];
  failures: string[];
  sources: string[];
  reasons: string[];
  roles: string[];
  groups: Group[];
  findings: AuditFinding[];
}

export type Detail = Record<string, unknown>;

// The samples of one run, column by column.
export class Run {
  readonly size: number;
  readonly ids: readonly unknown[];
  readonly idTexts: readonly string[];
  private readonly columns: Map<string, unknown[]>;
  private readonly numbers = new Map<string, Float64Array>();
  private readonly indexes = new Map<string, Int32Array>();
  private readonly known = new Map<string, boolean>();
  private readonly accepted: number;
  private graded: Float64Array | undefined;
  private readonly chunks = new Map<number, Promise<unknown[]>>();

  constructor(
    readonly number: number,
    readonly name: string,
    readonly total: number,
    columns: object,
    private readonly meta: Meta,
  ) {
    this.columns = new Map(Object.entries(columns).filter(([, values]) => Array.isArray(values)));
    this.ids = this.columns.get("id") ?? [];
    this.size = this.ids.length;
    this.idTexts = this.ids.map(textOf);
    this.accepted = meta.verdicts.indexOf("accepted");
  }

  // Return a column of numbers, NaN where the value is unknown.
  values(name: string): Float64Array {
    let numbers = this.numbers.get(name);
    if (!numbers) {
      numbers = this.read(name, this.columns.get(name) ?? []);
      this.numbers.set(name, numbers);
    }
    return numbers;
  }

  private read(name: string, column: unknown[]): Float64Array {
    if (name === "pass_rate") {
      const passed = this.values("tests_passed");
      return this.values("tests_total").map((total, index) => (total > 0 ? (passed[index] ?? NaN) / total : NaN));
    }
    const numbers = new Float64Array(this.size).fill(NaN);
    for (let index = 0; index < this.size; index += 1) {
      const value = column[index];
      if (typeof value === "number" && Math.abs(value) < LARGEST_NUMBER) numbers[index] = value;
    }
    // Sums of weights such as 0.1 + 0.2 miss the edges of bins by a rounding error.
    return name === "reward" ? numbers.map((value) => Math.round(value * REWARD_DIGITS) / REWARD_DIGITS) : numbers;
  }

  // Return a column of indexes into a list of `meta`, `UNKNOWN` where the value is unknown.
  indexOf(name: "verdict" | "failure" | "group" | "source" | "reason" | "role"): Int32Array {
    let indexes = this.indexes.get(name);
    if (!indexes) {
      const length = this.meta[`${name}s`].length;
      const known = (value: number) => Number.isInteger(value) && value >= 0 && value < length;
      indexes = Int32Array.from(this.values(name), (value) => (known(value) ? value : UNKNOWN));
      this.indexes.set(name, indexes);
    }
    return indexes;
  }

  // Whether a value of a column is known.
  has(name: string): boolean {
    let isKnown = this.known.get(name);
    if (isKnown === undefined) {
      isKnown = this.values(name).some((value) => !Number.isNaN(value));
      this.known.set(name, isKnown);
    }
    return isKnown;
  }

  verdict(index: number): string {
    return this.meta.verdicts[this.indexOf("verdict")[index] ?? -1] ?? "";
  }

  failure(index: number): string {
    return this.meta.failures[this.indexOf("failure")[index] ?? -1] ?? "";
  }

  programKey(index: number): string {
    return textOf(this.columns.get("program_key")?.[index]);
  }

  // Samples with the same wrong answers to all test cases have equal keys; "" where they are not known.
  answersKey(index: number): string {
    return textOf(this.columns.get("answers_key")?.[index]);
  }

  // Whether a sample has a reward that it earned.
  isGraded(index: number): boolean {
    this.graded ??= this.values("reward").map((reward, sample) => Number(!Number.isNaN(reward) && this.verdict(sample) !== "ungraded"));
    return this.graded[index] === 1;
  }

  isAccepted(index: number): boolean {
    return this.isGraded(index) && this.indexOf("verdict")[index] === this.accepted;
  }

  // Unpack the details of a sample. Returns null if the page has none.
  async details(index: number): Promise<Detail | null> {
    const number = Math.floor(index / CHUNK_SAMPLES);
    let chunk = this.chunks.get(number);
    if (!chunk) {
      chunk = readChunk(`details-${this.number}-${number}`);
      this.chunks.set(number, chunk);
    }
    const detail = (await chunk)[index % CHUNK_SAMPLES];
    return isObject(detail) ? detail : null;
  }
}

export interface Report {
  meta: Meta;
  runs: Run[];
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Read `meta` and all columns. Throws an error whose message names what is wrong.
export async function readReport(): Promise<Report> {
  const text = document.getElementById("meta")?.textContent;
  if (!text) throw new Error("this page has no data: `verifier report` fills it in");
  const raw: unknown = JSON.parse(text);
  if (!isObject(raw)) throw new Error("meta: expected an object");
  if (raw.format !== FORMAT) throw new Error(`format: expected ${FORMAT}, found ${textOf(raw.format)}`);
  const meta = readMeta(raw);
  const described = Array.isArray(raw.runs) ? raw.runs.filter(isObject) : [];
  const runs = described.map(async (run, number) => {
    const columns = await unpack(`columns-${number}`);
    if (!isObject(columns)) throw new Error(`columns-${number}: expected an object`);
    const total = typeof run.count === "number" ? run.count : 0;
    return new Run(number, textOf(run.name) || `run ${number + 1}`, total, columns, meta);
  });
  if (runs.length === 0) throw new Error("runs: expected at least one");
  return { meta, runs: await Promise.all(runs) };
}

function readMeta(raw: Record<string, unknown>): Meta {
  const objects = (value: unknown) => (Array.isArray(value) ? value.map((item) => (isObject(item) ? item : {})) : []);
  const range = Array.isArray(raw.reward_range) ? raw.reward_range.map(Number) : [];
  const [lowest = NaN, highest = NaN] = range;
  const versions = [
    raw.verifier_version === undefined ? "" : `verifier ${textOf(raw.verifier_version)}`,
    raw.semantics_version === undefined ? "" : `semantics version ${textOf(raw.semantics_version)}`,
  ];
  return {
    kind: textOf(raw.kind),
    title: textOf(raw.title),
    notes: textsOf(raw.notes),
    versions: versions.filter(Boolean).join(", "),
    rewardRange: lowest < highest ? [lowest, highest] : [0, 1],
    weights: readWeights(raw.weights),
    verdicts: textsOf(raw.verdicts),
    failures: textsOf(raw.failures),
    sources: textsOf(raw.sources),
    reasons: textsOf(raw.reasons),
    roles: textsOf(raw.roles),
    groups: objects(raw.groups).map((group) => ({ key: textOf(group.key), label: textOf(group.label) })),
    findings: objects(raw.findings).map((found) => ({
      group: typeof found.group === "number" ? found.group : -1,
      severity: textOf(found.severity),
      kind: textOf(found.kind),
      field: textOf(found.field),
      problem: textOf(found.problem),
      fix: textOf(found.fix),
    })),
  };
}

// Return where a reward lies in the range of the rubric, from 0 to 1; 0 for none.
export function placeOf(meta: Meta, reward: number): number {
  const [lowest, highest] = meta.rewardRange;
  return Number.isNaN(reward) ? 0 : Math.min(1, Math.max(0, (reward - lowest) / (highest - lowest)));
}

// Return the beginning of the prompt of a group, or what else names it.
export function labelOf(meta: Meta, group: number): string {
  const { label, key } = meta.groups[group] ?? { label: "", key: "" };
  return label || key || `prompt ${group}`;
}

export function readWeights(value: unknown): Map<string, number> {
  const weights = isObject(value) ? Object.entries(value) : [];
  return new Map(weights.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
}

async function readChunk(id: string): Promise<unknown[]> {
  if (!document.getElementById(id)) return [];
  const chunk = await unpack(id);
  return Array.isArray(chunk) ? chunk : [];
}

// Return the JSON value in a block of base64 of gzip.
async function unpack(id: string): Promise<unknown> {
  const text = document.getElementById(id)?.textContent;
  if (!text) throw new Error(`${id}: this block is missing`);
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as unknown;
}
