/** What the nucleus gives a component (developer guide, "Component environment variable reference"). */
export interface RuntimeEnvironment {
  /** Path of the Unix socket of Greengrass IPC. */
  readonly socket: string;
  /** The component's token. A secret. */
  readonly token: string;
  readonly thingName: string;
  readonly workDirectory: string;
}

/** @throws Error naming what is missing */
export function readEnvironment(): RuntimeEnvironment {
  const read = (name: string): string => {
    const value = process.env[name];
    if (value === undefined || value === '') throw new Error(`${name} is not set: run this under a Greengrass nucleus`);
    return value;
  };
  return {
    socket: read('AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT'),
    token: read('SVCUID'),
    thingName: read('AWS_IOT_THING_NAME'),
    // Scripts start in the component's work directory (nucleus and nucleus lite alike).
    workDirectory: process.cwd(),
  };
}
