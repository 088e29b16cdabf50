import { NucleusError } from '../../nucleus-error.ts';
import type { PlatformAttributes } from '../../recipe/recipe.ts';

/** The cloud, or the way to it, does not answer: what was asked for may be had later. */
export class CloudUnreachable extends Error {
  override readonly name = 'CloudUnreachable';
}

/** The core's policy does not allow it. */
export class CoreNotAllowed extends NucleusError {
  constructor(message: string) {
    super('NOT_ALLOWED', message);
  }
}

/** AWS IoT Greengrass as a core calls it, with its certificate (developer guide, `device-auth`). All reject with {@link CloudUnreachable}. */
export interface GreengrassCloud {
  /**
   * The recipe of the version that everything takes; undefined: there is none.
   * @param requirements ranges of versions by who wants them
   * @throws CoreNotAllowed; NucleusError `DEPENDENCY_UNMET` for what the cloud refuses
   */
  resolve(
    name: string,
    requirements: Readonly<Record<string, string>>,
    platform: PlatformAttributes,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Names of the thing groups that the core is in, ancestors too. @throws CoreNotAllowed */
  thingGroups(signal: AbortSignal): Promise<readonly string[]>;
  /** Writes an artifact to a file. @throws CoreNotAllowed without credentials; NucleusError `ARTIFACT_INVALID` when it cannot be had */
  download(uri: string, file: string, signal: AbortSignal): Promise<void>;
}
