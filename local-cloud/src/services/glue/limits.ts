/** Glue API reference, "Catalog objects": names and page sizes. */
export const MAX_NAME = 255;
export const MAX_TABLES_PAGE = 100;
export const MAX_DATABASES_PAGE = 100;
export const MAX_PARTITIONS_PAGE = 1000;
/** "BatchCreatePartition", "BatchDeletePartition", "BatchGetPartition" and "BatchDeleteTable". */
export const MAX_BATCH_CREATE = 100;
export const MAX_BATCH_DELETE = 25;
export const MAX_BATCH_GET = 1000;
export const MAX_BATCH_TABLES = 100;
