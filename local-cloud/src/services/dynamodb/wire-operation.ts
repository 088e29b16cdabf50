import type { ApiCall } from '../../core/api.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { Json } from './engine.ts';

/** An operation in the form of the JSON protocol, which the wire and calls within the process share. */
export interface WireOperation {
  readonly name: string;
  authorize(request: Json): readonly Permission[];
  /** `request` is the operation's own copy. @throws AwsError */
  run(request: Json, call?: ApiCall): Promise<Json>;
}
