/** What 907 says of the following where nobody is followed. */
export const FOLLOWS_NOBODY = {
  masterAddr: undefined,
  transferredByteInSecond: 0,
  maxOffset: 0,
  lastReadTimestamp: 0,
  lastWriteTimestamp: 0,
  masterFlushOffset: 0,
};
