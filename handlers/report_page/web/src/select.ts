// Find the samples that pass a filter, and sort them.

import type { Meta, Report, Run } from "./data";
import type { Filter, SetName, Sort } from "./state";
import type { Selection } from "./statistics/distribution";
import { groupsOf, kindsOfGroups, type GroupStatistics } from "./statistics/groups";
import { pairsOf, type Pairs } from "./statistics/pairs";
import { cut } from "./text";

const SEARCHED_CHARACTERS = 2000;
const LARGEST_MOVES = "largest_moves"; // no column of a table has this name

// The order of two runs, until a header is chosen.
export const MOVED_MOST: Sort = { column: LARGEST_MOVES, descending: true };

// The kinds of samples that a filter `flag` knows. The names are in addresses: they must stay.
export const FLAGS: Record<string, string> = {
  security_violation: "security violation",
  constant_like: "constant-like answer",
  no_completion: "no completion",
  shared_process: "tests in the same process",
  self_compared: "compared by the program itself",
  reruns: "run again",
};

type Test = (sample: number) => boolean;

// What is computed once for each run of a report.
export class Index {
  readonly all: Selection;
  readonly groups: GroupStatistics[];
  readonly groupOf: Map<number, GroupStatistics>;
  private readonly kinds: Map<number, string[]>;
  private readonly searched: (string | undefined)[] = [];
  private moves: Float64Array | undefined;

  constructor(
    readonly meta: Meta,
    readonly run: Run,
    readonly pairs: Pairs | null,
    readonly other: Run | null,
  ) {
    this.all = Uint32Array.from({ length: run.size }, (_, index) => index);
    this.groups = groupsOf(run, this.all);
    this.kinds = kindsOfGroups(run, this.groups, meta.findings);
    this.groupOf = new Map(this.groups.map((group) => [group.group, group]));
  }

  // Return what is remarkable about a group of the whole run, whatever the filter.
  kindsOf(group: number): string[] {
    return this.kinds.get(group) ?? [];
  }

  // Return the groups of which a kind is remarkable.
  groupsOfKind(kind: string): GroupStatistics[] {
    return this.groups.filter(({ group }) => this.kindsOf(group).includes(kind));
  }

  partner(sample: number): number {
    return this.pairs?.partner[this.run.number === 0 ? 0 : 1][sample] ?? -1;
  }

  outcome(sample: number): string {
    return this.pairs?.outcomes[this.run.number === 0 ? 0 : 1][sample] ?? "";
  }

  select(filter: Filter): Selection {
    const tests = [...this.tests(filter)];
    return tests.length === 0 ? this.all : this.all.filter((sample) => tests.every((test) => test(sample)));
  }

  private *tests(filter: Filter): Generator<Test> {
    for (const [name, values] of filter.sets) yield this.inSet(name, values);
    for (const [name, { from, to, closed }] of filter.ranges) {
      const values = this.run.values(name);
      yield (sample) => values[sample]! >= from && (values[sample]! < to || (closed && values[sample] === to));
    }
    const terms = filter.query.toLowerCase().split(/\s+/).filter(Boolean);
    if (terms.length > 0) yield (sample) => terms.every((term) => this.searchedText(sample).includes(term));
  }

  private inSet(name: SetName, values: readonly string[]): Test {
    const { run, meta } = this;
    const wanted = new Set(values);
    switch (name) {
      case "verdict":
      case "failure": {
        const indexes = run.indexOf(name);
        const names = meta[`${name}s`];
        return (sample) => wanted.has(names[indexes[sample]!] ?? "");
      }
      case "source":
      case "reason":
      case "role":
      case "group": {
        const indexes = run.indexOf(name);
        const numbers = new Set(values.map(Number));
        return (sample) => numbers.has(indexes[sample]!);
      }
      case "kind": {
        const groups = run.indexOf("group");
        const numbers = new Set(values.flatMap((kind) => this.groupsOfKind(kind)).map(({ group }) => group));
        return (sample) => numbers.has(groups[sample]!);
      }
      case "flag": {
        const columns = values.filter((flag) => Object.hasOwn(FLAGS, flag)).map((flag) => run.values(flag));
        return (sample) => columns.some((column) => column[sample]! > 0);
      }
      case "moved":
        return (sample) => wanted.has(this.outcome(sample));
      case "other":
        return (sample) => wanted.has(this.other?.verdict(this.partner(sample)) ?? "");
    }
  }

  // Return the text in which a search looks: id, prompt, verdict, source and reason.
  private searchedText(sample: number): string {
    let text = this.searched[sample];
    if (text === undefined) {
      const { run, meta } = this;
      const group = meta.groups[run.indexOf("group")[sample]!];
      const parts = [
        run.idTexts[sample],
        group?.label,
        group?.key,
        run.verdict(sample).replaceAll("_", " "),
        meta.sources[run.indexOf("source")[sample]!],
        meta.reasons[run.indexOf("reason")[sample]!],
        meta.roles[run.indexOf("role")[sample]!],
      ];
      text = parts.map((part) => cut(part ?? "", SEARCHED_CHARACTERS)).join("\n").toLowerCase();
      this.searched[sample] = text;
    }
    return text;
  }

  // Return *selection* in the order of a column. Unknown values come last in both directions.
  sorted(selection: Selection, sort: Sort | null): Selection {
    if (!sort) return selection;
    const sign = sort.descending ? -1 : 1;
    const texts = this.sortedTexts(sort.column);
    if (texts) {
      const order = new Intl.Collator("en", { numeric: true });
      return selection.slice().sort((one, other) => sign * order.compare(texts(one), texts(other)) || one - other);
    }
    const values = this.sortedNumbers(sort.column);
    const key = (sample: number) => (Number.isNaN(values[sample]!) ? Infinity : sign * values[sample]!);
    return selection.slice().sort((one, other) => compare(key(one), key(other)) || one - other);
  }

  private sortedNumbers(column: string): Float64Array {
    if (column === "change") return this.changes();
    return column === LARGEST_MOVES ? this.changes().map(Math.abs) : this.run.values(column);
  }

  private sortedTexts(column: string): ((sample: number) => string) | null {
    const { run, meta } = this;
    const label = (name: "source" | "reason", texts: string[]) => (sample: number) => texts[run.indexOf(name)[sample]!] ?? "\uffff";
    switch (column) {
      case "id":
        return (sample) => cut(run.idTexts[sample] ?? "", SEARCHED_CHARACTERS);
      case "verdict":
        return (sample) => run.verdict(sample);
      case "source":
        return label("source", meta.sources);
      case "reason":
        return label("reason", meta.reasons);
      default:
        return null;
    }
  }

  // Return by how much each reward moved from run 0 to run 1; NaN where one is missing.
  changes(): Float64Array {
    this.moves ??= this.findMoves();
    return this.moves;
  }

  private findMoves(): Float64Array {
    const { run, other } = this;
    const sign = run.number === 0 ? -1 : 1;
    const [mine, others] = [run.values("reward"), other?.values("reward")];
    return Float64Array.from(this.all, (sample) => {
      const pair = this.partner(sample);
      const both = pair >= 0 && run.isGraded(sample) && other?.isGraded(pair);
      return both && others ? sign * (mine[sample]! - others[pair]!) : NaN;
    });
  }
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

export function indexesOf({ meta, runs }: Report): Index[] {
  const [old, now] = runs;
  const pairs = old && now ? pairsOf(old, now) : null;
  return runs.slice(0, 2).map((run, number) => new Index(meta, run, pairs, runs[1 - number] ?? null));
}
