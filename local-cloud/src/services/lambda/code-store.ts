import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Entropy, randomText } from '../../core/entropy.ts';
import { messageOf } from '../../core/errors.ts';
import { invalidParameter } from './errors.ts';
import type { InstalledCode } from './function-record.ts';
import { MAX_CODE_BYTES } from './limits.ts';
import { readZip, type ZipEntry } from './zip.ts';

/** Deployment packages on disk, unpacked, one directory per content. */
export class CodeStore {
  readonly #directory: string;
  readonly #entropy: Entropy;

  constructor(directory: string, entropy: Entropy) {
    this.#directory = directory;
    this.#entropy = entropy;
    mkdirSync(directory, { recursive: true });
    // As in Lambda, no package.json above the code decides whether its `.js` files are CommonJS: the search ends here.
    writeFileSync(join(dirname(directory), 'package.json'), '{}');
  }

  directoryOf(code: InstalledCode): string {
    return join(this.#directory, code.digest);
  }

  /** A directory or a ZIP file, as an asset of a cloud assembly is. */
  installPath(path: string): InstalledCode {
    if (!existsSync(path)) throw invalidParameter(`Could not find the deployment package: ${path}`);
    return statSync(path).isDirectory() ? this.#install(filesBelow(path)) : this.installZip(readFileSync(path));
  }

  /** @throws AwsError `InvalidParameterValueException` for a damaged or too large archive */
  installZip(archive: Uint8Array): InstalledCode {
    let entries: ZipEntry[];
    try {
      entries = readZip(Buffer.from(archive), MAX_CODE_BYTES);
    } catch (error) {
      throw invalidParameter(
        `Could not unzip uploaded file. Please check your file, then try to upload again. (${messageOf(error)})`,
      );
    }
    return this.#install(entries);
  }

  /** Source of a template's `ZipFile`, which CloudFormation packs as a file named `index`. */
  installInline(source: string): InstalledCode {
    return this.#install([{ path: 'index.js', content: Buffer.from(source) }]);
  }

  /** Takes away all code but that of the given digests. */
  keepOnly(digests: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#directory)) {
      if (!digests.has(name)) rmSync(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  #install(entries: readonly ZipEntry[]): InstalledCode {
    if (entries.length === 0) throw invalidParameter('Uploaded file must be a non-empty zip');
    const hash = createHash('sha256');
    let size = 0;
    for (const { path, content } of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
      hash.update(`${path}\0${content.length}\0`).update(content);
      size += content.length;
    }
    if (size > MAX_CODE_BYTES) throw invalidParameter(`Unzipped size must be smaller than ${MAX_CODE_BYTES} bytes`);
    const code = { digest: hash.digest('hex'), size };
    const target = this.directoryOf(code);
    if (!existsSync(target)) this.#write(target, entries);
    return code;
  }

  /** A directory appears under its digest only when it is whole. */
  #write(target: string, entries: readonly ZipEntry[]): void {
    const unfinished = `${target}.${randomText(this.#entropy, 8, 'abcdefghijklmnopqrstuvwxyz')}`;
    for (const { path, content } of entries) {
      const file = join(unfinished, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    renameSync(unfinished, target);
  }
}

function filesBelow(root: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  const visit = (directory: string): void => {
    for (const name of readdirSync(directory)) {
      const file = join(directory, name);
      // `stat` follows links, as the packing of an asset does.
      if (statSync(file).isDirectory()) visit(file);
      else entries.push({ path: relative(root, file), content: readFileSync(file) });
    }
  };
  visit(root);
  return entries;
}
