import * as iot from '@aws-sdk/client-iot';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import { bucketAddress } from './bucket-address.ts';
import { operationModels } from './operation-model.ts';
import { RestRouter } from './rest-router.ts';
import { parseQuery } from './wire.ts';

function routerOf(schemas: Record<string, unknown>) {
  const router = new RestRouter(operationModels(schemas).values());
  return (method: string, url: string, headers: Record<string, string> = {}, bucket?: string) => {
    const [path = '/', search = ''] = url.split('?');
    return router.find(method, path, parseQuery(search), headers, bucket);
  };
}

const onS3 = routerOf(s3);
const onIot = routerOf(iot);

// Amazon S3 API reference: operations of one method and path differ in parameters and headers.
test.each([
  ['PUT', '/k', {}, 'PutObject'],
  ['PUT', '/k', { 'x-amz-copy-source': 'b/k' }, 'CopyObject'],
  ['PUT', '/k?partNumber=1&uploadId=u', {}, 'UploadPart'],
  ['PUT', '/k?partNumber=1&uploadId=u', { 'x-amz-copy-source': 'b/k' }, 'UploadPartCopy'],
  ['PUT', '/k?tagging', {}, 'PutObjectTagging'],
  ['GET', '/k', {}, 'GetObject'],
  ['GET', '/k?uploadId=u', {}, 'ListParts'],
  ['GET', '/k?attributes', { 'x-amz-object-attributes': 'ETag' }, 'GetObjectAttributes'],
  ['HEAD', '/k', {}, 'HeadObject'],
  ['POST', '/k?uploads', {}, 'CreateMultipartUpload'],
  ['POST', '/k?uploadId=u', {}, 'CompleteMultipartUpload'],
  ['DELETE', '/k', {}, 'DeleteObject'],
  ['DELETE', '/k?uploadId=u', {}, 'AbortMultipartUpload'],
  ['GET', '/', {}, 'ListObjects'],
  ['GET', '/?list-type=2', {}, 'ListObjectsV2'],
  ['GET', '/?uploads', {}, 'ListMultipartUploads'],
  ['GET', '/?versions', {}, 'ListObjectVersions'],
  ['GET', '/?location', {}, 'GetBucketLocation'],
  ['PUT', '/', {}, 'CreateBucket'],
  ['PUT', '/?policy', {}, 'PutBucketPolicy'],
  ['HEAD', '/', {}, 'HeadBucket'],
  ['POST', '/?delete', {}, 'DeleteObjects'],
  ['DELETE', '/', {}, 'DeleteBucket'],
])('%s %s %j on a bucket is %s', (method, url, headers: Record<string, string>, operation) => {
  expect(onS3(method, url, headers, 'b')?.operation.name).toBe(operation);
});

test('without a bucket there is ListBuckets and nothing else', () => {
  expect(onS3('GET', '/')?.operation.name).toBe('ListBuckets');
  expect(onS3('PUT', '/')).toBeUndefined();
});

test('labels are decoded, one segment each, or the rest of the path', () => {
  expect(onIot('GET', '/things/pump%3A1%2Fx')?.labels).toEqual(new Map([['thingName', 'pump:1/x']]));
  expect(onIot('GET', '/things/a/b/c/d')).toBeUndefined();
  expect(onIot('GET', '/things/')).toBeUndefined();
  expect(onS3('GET', '/a/b%20c//d', {}, 'b')?.labels).toEqual(
    new Map([
      ['Key', 'a/b c//d'],
      ['Bucket', 'b'],
    ]),
  );
  expect(() => onIot('GET', '/things/%E0%A4%A')).toThrow(URIError);
});

test('a literal segment beats a label', () => {
  const onLambda = routerOf(lambda);
  expect(onLambda('GET', '/2015-03-31/functions/f')?.operation.name).toBe('GetFunction');
  expect(onLambda('GET', '/2015-03-31/functions/f/configuration')?.operation.name).toBe('GetFunctionConfiguration');
  expect(onIot('GET', '/jobs/j')?.operation.name).toBe('DescribeJob');
});

// Amazon S3 user guide, "Virtual hosting of buckets".
test.each([
  ['localhost:4566', '/lake/a/b', 'lake', '/a/b'],
  ['127.0.0.1:4566', '/lake', 'lake', '/'],
  ['localhost', '/', undefined, '/'],
  ['s3.localhost:4566', '/lake/a', 'lake', '/a'],
  ['lake.s3.localhost', '/a', 'lake', '/a'],
  ['my.lake.s3.us-east-1.localhost:1', '/', 'my.lake', '/'],
  ['lake.localhost:4566', '/a', 'lake', '/a'],
])('%s%s is the bucket %s and the path %s', (host, path, bucket, rest) => {
  expect(bucketAddress(host, path)).toEqual({ bucket, path: rest });
});
