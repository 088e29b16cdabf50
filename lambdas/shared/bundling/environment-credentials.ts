import { type FromEnvInit, fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands for `@aws-sdk/credential-provider-node` in the bundles: Lambda gives a function its role's credentials in the
 * environment (Lambda developer guide, "Defined runtime environment variables"), so profiles, SSO, web identities and
 * instance metadata, with the clients that they need, stay out.
 */
export function defaultProvider(init?: FromEnvInit): ReturnType<typeof fromEnv> {
  return fromEnv(init);
}
