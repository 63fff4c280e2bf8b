// A table of any number of rows: sortable, with the keyboard, drawn only where it is in view.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Sort } from "../state";
import { count } from "../text";
import { NARROW, useMedia } from "./media";
import { useVirtualRows } from "./virtual";

export interface Column {
  name: string;
  label: string;
  width: string; // a track of a CSS grid
  narrowWidth?: string; // on a narrow screen, if it is another one
  isNumber?: boolean;
  isNarrow?: boolean; // also shown on a narrow screen
  isSorted?: boolean; // can be sorted
  help?: string;
  cell: (row: number) => ComponentChildren;
}

interface Properties {
  label: string;
  columns: readonly Column[];
  rowCount: number;
  active: number; // the position of the active row, or -1
  isTall?: boolean;
  sort: Sort | null;
  onSort: (sort: Sort) => void;
  onActive: (position: number) => void;
  onOpen: (position: number) => void;
}

const ROW_HEIGHT = 36;
const NARROW_ROW_HEIGHT = 44;

export function Table({ label, columns, rowCount, active, isTall = true, sort, onSort, onActive, onOpen }: Properties) {
  const scroller = useRef<HTMLDivElement>(null);
  const isNarrow = useMedia(NARROW);
  const rows = useVirtualRows(scroller, rowCount, isNarrow ? NARROW_ROW_HEIGHT : ROW_HEIGHT);
  const shown = isNarrow ? columns.filter((column) => column.isNarrow) : columns;
  const tracks = { gridTemplateColumns: shown.map(({ width, narrowWidth }) => (isNarrow && narrowWidth) || width).join(" ") };
  const rowId = (position: number) => `${label}-row-${position}`.replace(/\W+/g, "-");

  useEffect(() => {
    if (active >= 0 && active < rowCount) rows.scrollToIndex(active, { align: "auto" });
  }, [active]);

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    const moves: Record<string, number> = { PageDown: page, PageUp: -page, Home: -rowCount, End: rowCount };
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    if (move === undefined || rowCount === 0) return;
    event.preventDefault();
    onActive(Math.min(rowCount - 1, Math.max(0, active + move)));
  };

  return (
    <div
      class={`table ${isTall ? "tall" : "low"}`}
      role="grid"
      aria-label={`${label}: ${count(rowCount)} rows`}
      aria-rowcount={rowCount + 1}
      aria-activedescendant={active >= 0 ? rowId(active) : undefined}
      tabIndex={0}
      ref={scroller}
      onKeyDown={onKeyDown}
    >
      <div class="row header" role="row" aria-rowindex={1} style={tracks}>
        {shown.map((column) => (
          <Header key={column.name} column={column} sort={sort} onSort={onSort} />
        ))}
      </div>
      <div class="rows" role="rowgroup" style={{ height: `${rows.getTotalSize()}px` }}>
        {rows.getVirtualItems().map(({ index, start, size }) => (
          <div
            key={index}
            id={rowId(index)}
            class={`row ${index === active ? "active" : ""}`}
            role="row"
            aria-rowindex={index + 2}
            aria-selected={index === active}
            style={{ ...tracks, height: `${size}px`, transform: `translateY(${start}px)` }}
            onClick={() => onOpen(index)}
          >
            {shown.map((column) => (
              <div key={column.name} role="gridcell" class={column.isNumber ? "number" : ""}>
                {column.cell(index)}
              </div>
            ))}
          </div>
        ))}
      </div>
      {rowCount === 0 && <p class="nothing">Nothing matches the filter.</p>}
    </div>
  );
}

function Header({ column, sort, onSort }: { column: Column; sort: Sort | null; onSort: (sort: Sort) => void }) {
  const isThis = sort?.column === column.name;
  const order = isThis ? (sort.descending ? "descending" : "ascending") : "none";
  if (column.isSorted === false) {
    return (
      <div role="columnheader" class={column.isNumber ? "number" : ""} title={column.help}>
        {column.label}
      </div>
    );
  }
  return (
    <div role="columnheader" aria-sort={order} class={column.isNumber ? "number" : ""}>
      <button title={column.help} onClick={() => onSort({ column: column.name, descending: isThis ? !sort.descending : !!column.isNumber })}>
        {column.label}
        <span class="order" aria-hidden="true">
          {isThis ? (sort.descending ? "↓" : "↑") : ""}
        </span>
      </button>
    </div>
  );
}
