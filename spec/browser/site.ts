/** Bundles pages with Vite, in memory, and serves them on this machine with given headers. */
import { once } from "node:events";
import { createServer } from "node:http";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { extname, join } from "node:path";
import { build, type Plugin } from "vite";

export type SentHeaders = Readonly<Record<string, string>>;

/** Contents of files by path. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

const refuseNodeModules: Plugin = {
  name: "refuse-node-modules",
  enforce: "pre",
  resolveId: (source, importer) => {
    if (isBuiltin(source)) throw new Error(`${importer} imports ${source}, which no browser has`);
    return null;
  },
};

/**
 * Bundles the page of a folder's index.html, with its workers and all that they import.
 *
 * @throws Error if anything imports a module of Node's
 */
export async function bundled(folder: string): Promise<Files> {
  const results = await build({
    root: folder,
    configFile: false,
    publicDir: false,
    logLevel: "warn",
    plugins: [refuseNodeModules],
    worker: { format: "es", plugins: () => [refuseNodeModules] },
    build: { write: false, target: "es2023", chunkSizeWarningLimit: Infinity },
  });
  const outputs = [results].flat().flatMap((result) => ("output" in result ? result.output : []));
  return new Map(outputs.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}

/** All files of a folder, below a path: `below/` or nothing. */
export function filesIn(folder: string, below: string = ""): Files {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
  return new Map(names.map((name) => [`${below}${name}`, readFileSync(join(folder, name))]));
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

export interface Site {
  /** The address of the page. */
  readonly url: string;
  readonly close: () => void;
}

/** Serves these files, all with these headers, on a free port. */
export async function serve(files: Files, headers: SentHeaders): Promise<Site> {
  const server = createServer(({ url = "" }, response) => {
    const path = decodeURI(new URL(url, "http://localhost").pathname.slice(1));
    const content = files.get(path);
    const type = types[extname(path)] ?? "application/octet-stream";
    response.writeHead(content === undefined ? 404 : 200, { "Content-Type": type, ...headers }).end(content);
  });
  await once(server.listen(0, "localhost"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("serve: no port");
  return {
    url: `http://localhost:${address.port}/index.html`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
