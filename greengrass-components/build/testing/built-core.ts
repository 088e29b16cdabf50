import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { TestCore, until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { artifactsOf } from '../artifacts.ts';
import { readFolder } from '../component-folder.ts';

/** A core of `edge-nucleus` that runs components of this repository, built from their sources of the moment. For tests. */
export class BuiltCore {
  readonly core = new TestCore();

  /** Builds components and puts them where the core finds them. @param folders kebab-case */
  async install(...folders: string[]): Promise<void> {
    for (const folder of folders) {
      const component = readFolder(resolve('greengrass-components'), folder);
      const { ComponentName, ComponentVersion, ...recipe } = parse(component.recipeText);
      const artifacts = await artifactsOf(resolve('.'), component);
      const files = Object.fromEntries([...artifacts].map(([name, bytes]) => [name, Buffer.from(bytes)]));
      this.core.component(ComponentName, ComponentVersion, recipe, files);
    }
  }

  /** Processes of a component: they stand in its work directory. Only this core's. */
  pids(name: string): number[] {
    const work = join(this.core.root, 'work', name);
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => {
        try {
          return readlinkSync(`/proc/${pid}/cwd`) === work;
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  /** `kill -9` of a component. @returns whether there was one to kill */
  kill(name: string): boolean {
    const pids = this.pids(name);
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    return pids.length > 0;
  }

  /** The component's log so far. */
  log(name: string): string {
    const directory = join(this.core.root, 'logs');
    return readdirSync(directory)
      .filter((file) => basename(file).startsWith(name))
      .map((file) => readFileSync(join(directory, file), 'utf8'))
      .join('');
  }

  /** The component says that it runs, again since `after` lines that said so. */
  async runs(name: string, after = 0): Promise<void> {
    await until(() => this.startsOf(name) > after, 20_000);
  }

  /** How often the component has said that it runs. */
  startsOf(name: string): number {
    try {
      return this.log(name).split('"the component runs"').length - 1;
    } catch {
      return 0;
    }
  }
}
