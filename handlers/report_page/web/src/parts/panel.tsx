// A titled part of a view.

import type { ComponentChildren } from "preact";

interface Properties {
  title: string;
  hint?: ComponentChildren;
  wide?: boolean; // over the whole row
  span?: boolean; // over two columns
  children: ComponentChildren;
}

export function Panel({ title, hint, wide = false, span = false, children }: Properties) {
  return (
    <section class={`panel ${wide ? "wide" : ""} ${span ? "span" : ""}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {hint !== undefined && <p class="hint">{hint}</p>}
      </header>
      {children}
    </section>
  );
}
