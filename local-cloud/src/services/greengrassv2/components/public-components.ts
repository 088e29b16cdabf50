import { NotImplementedError } from '../../../core/errors.ts';

/**
 * Components of AWS that a core of this machine has by itself. Any version of them can be deployed, as the nucleus stands for it or
 * refuses it.
 */
const PROVIDED_BY_CORES: ReadonlySet<string> = new Set([
  'aws.greengrass.Cli',
  'aws.greengrass.Nucleus',
  'aws.greengrass.SecretManager',
  'aws.greengrass.ShadowManager',
  'aws.greengrass.TokenExchangeService',
]);

export function isPublic(name: string): boolean {
  return name.startsWith('aws.greengrass.');
}

/** @throws NotImplementedError for a component of AWS that no core here has */
export function checkPublic(name: string): void {
  if (!PROVIDED_BY_CORES.has(name)) throw new NotImplementedError(`the public component ${name}`);
}
