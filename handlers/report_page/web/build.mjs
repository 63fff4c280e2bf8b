// Build ../page.html: one file with script, style and licences. The same sources give the same bytes.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const LARGEST_BYTES = 500_000;
const MARKER = "<!--report-data-->";

const options = { absWorkingDir: HERE, bundle: true, minify: true, write: false, legalComments: "none" };
const script = await build({
  ...options,
  entryPoints: ["src/main.tsx"],
  format: "iife",
  target: "es2022",
  charset: "ascii",
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
});
const style = await build({ ...options, entryPoints: ["src/style.css"], target: ["chrome123", "firefox120", "safari17.5"] });

const code = script.outputFiles[0].text.trim();
const css = style.outputFiles[0].text.trim();
const legal = licences(script.metafile);
const ends = ["</script", "<script", "<!--"];
for (const [text, words] of [[code, ends], [legal, ends], [css, ["</style"]]]) {
  const found = words.find((word) => text.toLowerCase().includes(word));
  if (found) throw new Error(`the bundle contains ${found}, which would end its element`);
}

const policy = [
  "default-src 'none'",
  `script-src '${hashOf(code)}'`,
  `style-src '${hashOf(css)}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Report</title>
<style>${css}</style>
</head>
<body>
<div id="page"><p class="waiting">Reading the report …</p></div>
<noscript><p class="waiting">This report needs JavaScript. It loads nothing from any network.</p></noscript>
${MARKER}
<script type="text/plain" id="licences">${legal}</script>
<script>${code}</script>
</body>
</html>
`;
if (page.split(MARKER).length !== 2) throw new Error("the marker of the data occurs more than once");
if (page.length > LARGEST_BYTES) throw new Error(`page.html has ${page.length} bytes, more than ${LARGEST_BYTES}`);
writeFileSync(process.argv[2] ?? join(HERE, "..", "page.html"), page);
console.log(`page.html: ${page.length} bytes`);

function hashOf(text) {
  return `sha256-${createHash("sha256").update(text, "utf8").digest("base64")}`;
}

// Return the licences of all packages that are in the bundle.
function licences(metafile) {
  const folders = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) folders.add(found[1]);
  }
  const texts = [...folders].sort().map((name) => {
    const folder = join(HERE, "node_modules", name);
    const { version, license, homepage, repository } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).sort().find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} has no file with its licence`);
    const address = homepage ?? repository?.url ?? repository;
    return `${name} ${version} (${license})\n${address}\n\n${readFileSync(join(folder, file), "utf8").trim()}`;
  });
  return texts.join("\n\n----------------------------------------\n\n");
}
