import * as z from 'zod';

/** One JSON line asks, one answers, and the connection ends. Only the owner of the root directory can open the socket. */
export const controlRequestSchema = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('list') }),
  z.strictObject({ command: z.literal('deploy'), document: z.unknown() }),
  z.strictObject({ command: z.enum(['restart', 'stop']), component: z.string().min(1) }),
]);

export type ControlRequest = z.infer<typeof controlRequestSchema>;

/** `result` is what the command gives. */
export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Where a running nucleus is found: a file in its root. */
export const RUNTIME_FILE = 'runtime.json';

export const runtimeSchema = z.object({
  pid: z.number().int(),
  thingName: z.string(),
  ipcPath: z.string(),
  controlPath: z.string(),
});

export type NucleusRuntime = z.infer<typeof runtimeSchema>;

/** bytes of a request */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024;
