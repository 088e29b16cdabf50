import type { TimestreamWriteClient, WriteRecordsCommandInput } from '@aws-sdk/client-timestream-write';

/** The part of a request that is replaced. */
interface Serialized {
  body: unknown;
  headers: Record<string, string>;
}

/**
 * Spares WriteRecords two walks of the SDK over every value of a request: its serializer looks up the schema of each
 * member, and its logger middleware copies the input without secrets even when nothing logs. Together they cost four
 * times what all else of a call does. Signing, retries and transport stay the SDK's.
 *
 * INVARIANT: members of a WriteRecords request are strings, numbers, lists and structures under their own names, so its
 * JSON (AWS JSON 1.0 protocol) is that of the input itself.
 */
export function serializeDirectly(client: TimestreamWriteClient): TimestreamWriteClient {
  const whole = new WeakMap<object, WriteRecordsCommandInput>();
  const stack = client.middlewareStack;
  stack.remove('loggerMiddleware');
  stack.add(
    (next, context) => (args) => {
      if (context.commandName !== 'WriteRecordsCommand') return next(args);
      const input = args.input as WriteRecordsCommandInput;
      whole.set(context, input);
      // What the schema serializer gets to see.
      return next({ ...args, input: { ...input, Records: [] } });
    },
    { step: 'serialize', priority: 'high', name: 'withholdRecords' },
  );
  stack.add(
    (next, context) => (args) => {
      const input = whole.get(context);
      if (input !== undefined) {
        const request = args.request as Serialized;
        request.body = JSON.stringify(input);
        request.headers['content-length'] = String(Buffer.byteLength(request.body as string));
      }
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'writeWholeInput' },
  );
  return client;
}
