/** `npm run equations`: writes docs/equations.md from the build. */
import { writeFileSync } from "node:fs";
import { equationsPage } from "../../dist/explain/table.js";

writeFileSync(new URL("../../docs/equations.md", import.meta.url), equationsPage());
