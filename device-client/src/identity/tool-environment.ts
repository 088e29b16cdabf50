/**
 * The environment of a tool that is run for a key: this process's own, because libraries of tokens are configured by it
 * (SoftHSM by `SOFTHSM2_CONF`), and what the tool is to be told alone.
 */
export function toolEnvironment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...own };
}
