import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { NucleusClock } from '../../clock.ts';
import type { AvailableComponent } from '../../deployment/component-source.ts';
import type { ComponentOrigin } from '../../deployment/deployer.ts';
import type { PackageStore } from '../../deployment/package-store.ts';
import { newestOf } from '../../deployment/resolve-components.ts';
import type { NucleusLog } from '../../log.ts';
import { type Artifact, type PlatformAttributes, readRecipe } from '../../recipe/recipe.ts';
import type { GreengrassCloud } from './greengrass-cloud.ts';
import { persist } from './persist.ts';

export interface CloudOriginPorts {
  readonly cloud: GreengrassCloud;
  readonly packages: PackageStore;
  readonly platform: PlatformAttributes;
  /** For what is not installed yet; emptied by {@link CloudOrigin.clean}. */
  readonly directory: string;
  readonly clock: NucleusClock;
  readonly log: NucleusLog;
}

/** Components as the cloud gives them: recipes by ResolveComponentCandidates, artifacts from S3. */
export class CloudOrigin {
  readonly #ports: CloudOriginPorts;

  constructor(ports: CloudOriginPorts) {
    this.#ports = ports;
  }

  /** For one deployment. @param signal ends waiting for the cloud */
  of(signal: AbortSignal): ComponentOrigin {
    const { cloud, packages, platform } = this.#ports;
    return {
      choose: async (name, wishes) => {
        const requirements = Object.fromEntries(wishes.map(({ by, range }) => [by, range]));
        const recipeText = await persist(
          () => cloud.resolve(name, requirements, platform, signal),
          this.#ports,
          signal,
        );
        // What the cloud does not have may have been deployed from this machine.
        if (recipeText === undefined) return newestOf(packages.installed())(name, wishes);
        return { recipe: readRecipe(recipeText, `the recipe of ${name}`), recipeText, artifact: () => undefined };
      },
      fetch: async (component, { Artifacts }) => {
        const { ComponentName: name, ComponentVersion: version } = component.recipe;
        const place = packages.has(name, version)
          ? packages.artifacts(name, version)
          : join(this.#ports.directory, `${name}-${version}`);
        for (const artifact of Artifacts) await this.#bring(artifact, place, signal);
        return placed(component, place);
      },
    };
  }

  async clean(): Promise<void> {
    await rm(this.#ports.directory, { recursive: true, force: true });
  }

  /** What an earlier attempt has brought is taken, if it is what its digest says. */
  async #bring({ Digest, URI }: Artifact, place: string, signal: AbortSignal): Promise<void> {
    const file = join(place, basename(URI));
    if (existsSync(file) && (Digest === undefined || (await digestOf(file)) === Digest)) return;
    await persist(() => this.#ports.cloud.download(URI, file, signal), this.#ports, signal);
  }
}

function placed(component: AvailableComponent, place: string): AvailableComponent {
  return {
    ...component,
    artifact: (fileName) => (existsSync(join(place, fileName)) ? join(place, fileName) : undefined),
  };
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('base64');
}
