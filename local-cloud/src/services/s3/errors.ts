import { AwsError } from '../../core/errors.ts';

/** Errors as the API reference lists them under "Error responses", "List of error codes". */

export function noSuchBucket(bucket: string): AwsError {
  return new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, { fields: { BucketName: bucket } });
}

export function noSuchKey(key: string): AwsError {
  return new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { fields: { Key: key } });
}

export function noSuchVersion(key: string, versionId: string): AwsError {
  return new AwsError('NoSuchVersion', 'The specified version does not exist.', 404, {
    fields: { Key: key, VersionId: versionId },
  });
}

/**
 * Version ids are "Unicode, UTF-8 encoded, URL-ready, opaque strings that are no more than 1,024 bytes long" (user guide,
 * "How S3 Versioning works"); what cannot be one is an invalid argument, not a version that is missing.
 * @throws AwsError `InvalidArgument`
 */
export function checkVersionId(versionId: string): void {
  if (/^[\w.~-]{1,1024}$/.test(versionId)) return;
  throw invalidArgument('Invalid version id specified', 'versionId', versionId);
}

export function noSuchUpload(uploadId: string): AwsError {
  return new AwsError(
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    404,
    { fields: { UploadId: uploadId } },
  );
}

export function preconditionFailed(condition: string): AwsError {
  return new AwsError('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412, {
    fields: { Condition: condition },
  });
}

export function invalidArgument(message: string, name?: string, value?: unknown): AwsError {
  const fields = name === undefined ? {} : { ArgumentName: name, ArgumentValue: value };
  return new AwsError('InvalidArgument', message, 400, { fields });
}

export function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequest', message);
}

export function malformedXml(): AwsError {
  return new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

export function accessDenied(message = 'Access Denied'): AwsError {
  return new AwsError('AccessDenied', message, 403);
}
