/**
 * Keys a file for Java's mqbroker or mqnamesrv may hold that change nothing here: sizes of thread pools and
 * socket buffers we do not have, and features of later versions. They are taken without a word.
 * Source: what mqbroker and mqnamesrv 4.9.7 print with -p.
 */
export const javaKeys: ReadonlySet<string> = new Set(
  `adminBrokerThreadPoolNums autoDeleteUnusedStats bitMapLengthConsumeQueueExt
   brokerFastFailureEnable channelNotActiveInterval checkCRCOnRecover
   clientAsyncSemaphoreValue clientCallbackExecutorThreads clientChannelMaxIdleTimeSeconds
   clientCloseSocketIfTimeout clientManageThreadPoolNums clientManagerThreadPoolQueueCapacity
   clientOnewaySemaphoreValue clientPooledByteBufAllocatorEnable clientSocketRcvBufSize clientSocketSndBufSize
   clientWorkerThreads clusterTest commercialBaseCount commercialBigCount commercialEnable commercialTimerCount
   commercialTransCount commitCommitLogLeastPages commitCommitLogThoroughInterval commitIntervalCommitLog
   compressedRegister configStorePath connectTimeoutMillis consumerFallbehindThreshold
   consumerManageThreadPoolNums consumerManagerThreadPoolQueueCapacity dLegerGroup dLegerPeers dLegerSelfId
   debugLockEnable deleteConsumeQueueFilesInterval
   destroyMapedFileIntervalForcibly disableConsumeIfConsumerReadSlowly diskFallRecorded
   duplicationEnable enableCalcFilterBitMap enableDetailStat
   enableScheduleAsyncDeliver enableScheduleMessageStats endTransactionPoolQueueCapacity
   endTransactionThreadPoolNums expectConsumerNumUseFilter fastFailIfNoBufferInStorePool
   fetchNamesrvAddrByAddressServer filterDataCleanTimeSpan filterServerNums filterSupportRetry
   flushCommitLogTimed flushConsumeQueueLeastPages flushConsumeQueueThoroughInterval
   flushIntervalConsumeQueue flushConsumerOffsetHistoryInterval
   flushLeastPagesWhenWarmMapedFile forceRegister heartbeatThreadPoolNums heartbeatThreadPoolQueueCapacity
   highSpeedMode isEnableBatchPush isolateLogEnable mappedFileSizeConsumeQueueExt maxDelayTime
   maxErrorRateOfBloomFilter maxLmqConsumeQueueNum
   messageIndexSafe messageStorePlugIn msgTraceTopicName orderMessageEnable
   osPageCacheBusyTimeOutMills preferredLeaderId processReplyMessageThreadPoolNums productEnvName
   pullMessageThreadPoolNums pullThreadPoolQueueCapacity putMessageFutureThreadPoolNums putMsgIndexHightWater
   putThreadPoolQueueCapacity queryMessageThreadPoolNums queryThreadPoolQueueCapacity
   readOnlyCommitLogStorePaths redeleteHangedFileInterval
   replyThreadPoolQueueCapacity rocketmqHome scheduleAsyncDeliverMaxPendingLimit
   scheduleAsyncDeliverMaxResendNum2Blocked sendMessageThreadPoolNums sendThreadPoolQueueCapacity
   serverAsyncSemaphoreValue serverCallbackExecutorThreads serverChannelMaxIdleTimeSeconds
   serverOnewaySemaphoreValue serverPooledByteBufAllocatorEnable serverSelectorThreads serverSocketBacklog
   serverSocketRcvBufSize serverSocketSndBufSize serverWorkerThreads startAcceptSendRequestTimeStamp
   storePathDLedgerCommitLog transferMsgByHeap transientStorePoolEnable transientStorePoolSize
   useEpollNativeSelector
   useReentrantLockWhenPutMessage waitTimeMillsInHeartbeatQueue waitTimeMillsInPullQueue
   waitTimeMillsInSendQueue waitTimeMillsInTransactionQueue warmMapedFileEnable writeBufferHighWaterMark
   writeBufferLowWaterMark`.split(/\s+/),
);

/**
 * Keys whose `true` asks for a protection or a mode that is not here. Running on without it would do
 * something else than the file says, so it is refused.
 */
export const refusedWhenTrue: ReadonlyMap<string, string> = new Map([
  [
    "aclEnable",
    "access control is not in this version, and without it every client may do everything",
  ],
  ["useTLS", "TLS is not in this version, and without it everything is sent in the clear"],
  ["enableDLegerCommitLog", "DLedger groups are not supported, only master and slave"],
]);

/** Keys whose `true` asks for something that is not here, and what that means; all else is as without it. */
export const lackingWhenTrue: ReadonlyMap<string, string> = new Map([
  ["enableLmq", "light queues (%LMQ%...) are not served"],
  ["enableMultiDispatch", "a message is in the queue of its own topic alone"],
  ["enableConsumeQueueExt", "no consumequeue_ext is written"],
]);
