// A command line for the WASM build of solc that npm carries, in the dialect of the native compiler.
//
//   node tools/solc.js --version
//   node tools/solc.js --standard-json [FILE|-] [--base-path D] [--include-path D]... [--allow-paths D,D]
//
// Options take both forms, `--base-path D` and `--base-path=D`. Like the native compiler, a compilation that finds
// errors still exits 0 and reports them inside the JSON; only a wrong call exits 1.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const VALUED = new Set(["--base-path", "--include-path", "--allow-paths"]);
const FLAGS = new Set(["--version", "--standard-json", "--allow-empty"]);

function fail(sentence) {
  process.stderr.write(`Error: ${sentence}\n`);
  process.exit(1);
}

function parse(argv) {
  const options = { "--base-path": [], "--include-path": [], "--allow-paths": [], flags: new Set(), file: "-" };
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = argv[i].startsWith("--") ? split(argv[i]) : ["", undefined];
    if (VALUED.has(name)) {
      const value = inline ?? argv[++i];
      if (value === undefined) fail(`${name} needs a value.`);
      options[name].push(value);
    } else if (FLAGS.has(name)) {
      options.flags.add(name);
    } else if (name === "") {
      options.file = argv[i];
    } else {
      fail(`unknown option ${argv[i]}.`);
    }
  }
  return options;
}

function split(word) {
  const at = word.indexOf("=");
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** Where imports and `urls` may come from: the base path first, then the include paths, in the order given. */
function reader(options) {
  const base = path.resolve(options["--base-path"][0] ?? ".");
  const roots = [base, ...options["--include-path"].map((root) => path.resolve(root))];
  const named = options["--allow-paths"].flatMap((list) => list.split(",")).filter(Boolean);
  const allowed = [...roots, ...named.map((root) => path.resolve(root))].map(real);
  return (name) => {
    for (const root of roots) {
      const candidate = path.resolve(root, name);
      if (!fs.existsSync(candidate)) continue;
      if (!allowed.some((root) => inside(root, real(candidate)))) {
        return { error: `File ${name} is outside of the allowed directories.` };
      }
      return { contents: fs.readFileSync(candidate, "utf8") };
    }
    return { error: `File ${name} not found.` };
  };
}

function real(file) {
  return fs.existsSync(file) ? fs.realpathSync(file) : file;
}

function inside(root, file) {
  const relative = path.relative(root, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

/** The WASM module reads no files, so a source given by `urls` is handed over as `content`. */
function inlineUrls(input, read) {
  for (const [name, source] of Object.entries(input.sources ?? {})) {
    if (source.content !== undefined) continue;
    for (const url of source.urls ?? [name]) {
      const found = read(url.replace(/^file:\/\//, ""));
      if (found.contents !== undefined) source.content = found.contents;
    }
    if (source.content !== undefined) delete source.urls;
  }
}

function compiler() {
  try {
    return require("solc");
  } catch {
    fail("the npm package solc is not installed; run `make setup`.");
  }
}

function compile(options) {
  const read = reader(options);
  const text = fs.readFileSync(options.file === "-" ? 0 : options.file, "utf8");
  let input;
  try {
    input = JSON.parse(text);
  } catch (error) {
    fail(`the input is not JSON: ${error.message}`);
  }
  inlineUrls(input, read);
  writeAll(compiler().compile(JSON.stringify(input), { import: read }) + "\n");
}

// NOTE: synchronous, because solc installs exit handlers that may end the process before a slow pipe has drained.
function writeAll(text) {
  const bytes = Buffer.from(text, "utf8");
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += fs.writeSync(1, bytes, sent);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error; // a full pipe: the reader is slower than we are
    }
  }
}

function main() {
  const options = parse(process.argv.slice(2));
  if (options.flags.has("--version")) {
    const version = compiler().version();
    process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
  } else if (options.flags.has("--standard-json")) {
    compile(options);
  } else {
    fail("expected --standard-json or --version.");
  }
}

main();
