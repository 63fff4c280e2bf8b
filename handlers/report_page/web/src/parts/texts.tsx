// Show texts of data: never as HTML, with invisible characters named, and cut where they are long.

import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { count, cut, pieces, plain } from "../text";

const FIRST_CHARACTERS = 2000;
const MORE_FACTOR = 10;
const TITLED_CHARACTERS = 12; // shorter texts are hardly ever cut

// A text with invisible characters by their names.
export function Visible({ text }: { text: string }) {
  return (
    <>
      {pieces(text).map((piece, index) =>
        typeof piece === "string" ? (
          <Fragment key={index}>{piece}</Fragment>
        ) : (
          <span key={index} class="invisible" title="an invisible character">
            {piece.name}
          </span>
        ),
      )}
    </>
  );
}

// One line of text, cut by characters; the style sheet cuts it by width.
export function Line({ text, limit = 200 }: { text: string; limit?: number }) {
  return (
    <bdi class="line" title={text.length > TITLED_CHARACTERS ? plain(text, 600) : undefined}>
      {plain(text, limit)}
    </bdi>
  );
}

// A text of any length: its beginning, and buttons that show more.
export function LongText({ text, label, sizeBytes }: { text: string; label: string; sizeBytes?: number }) {
  const [limit, setLimit] = useState(FIRST_CHARACTERS);
  const shown = cut(text, limit);
  const left = text.length - shown.length;
  return (
    <>
      <pre class="text" aria-label={label} tabIndex={0}>
        {text === "" ? <span class="none">(empty)</span> : <Visible text={shown} />}
        {left > 0 && <span class="none">…</span>}
      </pre>
      {left > 0 && (
        <button class="more" onClick={() => setLimit(limit * MORE_FACTOR)}>
          Show more ({count(left)} characters left)
        </button>
      )}
      {left === 0 && <CutNote shown={text} sizeBytes={sizeBytes} />}
    </>
  );
}

// Say that the report has only the beginning of a text.
export function CutNote({ shown, sizeBytes }: { shown: string; sizeBytes: number | undefined }) {
  if (sizeBytes === undefined || sizeBytes <= new Blob([shown]).size) return null;
  return <p class="hint">The report has the beginning only, of {count(sizeBytes)} bytes.</p>;
}
