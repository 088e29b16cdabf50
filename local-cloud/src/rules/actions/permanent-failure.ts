import { AwsError } from '../../core/errors.ts';

/** A failure that AWS does not try again, whatever its status. */
export class PermanentFailure extends AwsError {}
