/**
 * Adds to package-lock.json the optional packages for other platforms that it lacks: `node .ci/fill-lock.js [FILE]`, after `npm install`.
 *
 * Tools such as biome and buf publish one package for each platform and name all of them as optional dependencies. npm leaves those out of
 * the lock that the registry in reach does not have, as a mirror may lack the platforms that nobody there uses; and then `npm ci` refuses
 * the lock, since it does not cover its own package.json ("Missing: … from lock file"). The entries written here are what npm itself writes,
 * but for the checksum, which only the package could tell. A machine of the platform in question fetches the package and goes without that
 * check; all others skip it. Where nothing is missing, nothing is changed.
 */
import { readFileSync, writeFileSync } from "node:fs";

const file = process.argv[2] ?? "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
const added = [];

for (const [path, owner] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    if (isInstalledFor(path, name)) continue;
    const { cpu, libc, os } = platformOf(name);
    // undefined ones are left out of the JSON; the order is npm's.
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu,
      dev: owner.dev,
      libc,
      optional: true,
      os,
      peer: owner.peer,
    };
    added.push(`${name} ${version}`);
  }
}

if (added.length > 0) {
  // npm sorts the packages by their paths; a lock that it rewrites later should not differ.
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
for (const each of added) console.log(`added ${each}`);
console.log(`${added.length} added to ${file}`);

/** Whether the lock has the package where Node would look for it from `path`: beside it, or in any folder above. */
function isInstalledFor(path, name) {
  for (let folder = path; ; ) {
    if (`${folder}${folder === "" ? "" : "/"}node_modules/${name}` in lock.packages) return true;
    if (folder === "") return false;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")));
  }
}

/** The platform as the package's own package.json would tell it, read from its name. Stops where the name does not tell. */
function platformOf(name) {
  const os = /darwin|win32|linux|android|freebsd|netbsd|openbsd|openharmony|aix|sunos/.exec(name)?.[0];
  const cpu = /arm64|aarch64|arm|x64|ia32|riscv64|ppc64|s390x|loong64|mips64el/
    .exec(name)?.[0]
    ?.replace("aarch64", "arm64");
  if (os === undefined || cpu === undefined) throw new Error(`${name}: its name does not tell its platform.`);
  const libc = os === "linux" ? /-(musl|gnu)$/.exec(name)?.[1]?.replace("gnu", "glibc") : undefined;
  return { cpu: [cpu], libc: libc === undefined ? undefined : [libc], os: [os] };
}
