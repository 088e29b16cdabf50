export type NucleusLogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line of the nucleus' log. Never tokens or secrets. */
export type NucleusLog = (level: NucleusLogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;
