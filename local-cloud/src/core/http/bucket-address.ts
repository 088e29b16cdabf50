/**
 * The bucket that an S3 request names, and the path without it (Amazon S3 user guide, "Virtual hosting of buckets"):
 * `bucket.s3.localhost/key` and `bucket.localhost/key`, else `localhost/bucket/key`.
 */
export function bucketAddress(host: string, path: string): { bucket: string | undefined; path: string } {
  const bucket = virtualBucket(host);
  if (bucket !== undefined) return { bucket, path };
  const end = path.indexOf('/', 1);
  const first = path.slice(1, end < 0 ? undefined : end);
  if (first === '') return { bucket: undefined, path: '/' };
  return { bucket: decodeURIComponent(first), path: end < 0 ? '/' : path.slice(end) };
}

export function virtualBucket(host: string): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const regional = /^(?:(.+)\.)?s3(?:[.-][a-z]{2}-[a-z-]+-\d)?\.localhost$/.exec(name);
  if (regional !== null) return regional[1];
  return /^(.+)\.localhost$/.exec(name)?.[1];
}
