import type { ActionName, EventView } from '../api/types.ts';

/** English, the source. A function takes what varies; nothing is glued together outside. */
export const en = {
  app: {
    name: 'CreativeFlow',
    models: 'Models', endpoints: 'Endpoints', activity: 'Activity', upload: 'Upload', help: 'Keyboard', signOut: 'Sign out', language: 'Language',
    account: (name: string) => `Account of ${name}`, accountUnknown: 'Account', skip: 'Skip to content', navigation: 'Main', close: 'Close', cancel: 'Cancel', back: 'Back',
    copy: 'Copy', copied: 'Copied', download: 'Download', retry: 'Try again', loading: 'Loading',
    newVersion: 'A new version of this app is ready.', reload: 'Reload', notFound: 'There is no page here.', notLoaded: 'This page could not be loaded', notLoadedHelp: 'The app may just be getting a newer version, or the connection is gone. Nothing that you entered was sent.', toModels: 'Go to models',
    dismiss: 'Dismiss',
  },
  line: {
    lost: (since: string) => `No connection since ${since}. What you see is what was last known.`,
    polling: 'Live updates do not get through; looking every few seconds instead.',
    stale: (age: string) => `Last known state, ${age}.`, back: 'Connected again.', whoUnknown: 'No connection: who is signed in cannot be asked.', tryNow: 'Try now', nothingKept: 'No connection, and nothing of this page was kept.',
    offlineAction: 'No connection. Nothing was sent; try again when it is back.',
  },
  login: {
    title: 'Sign in', lead: 'With your Odoo account.', login: 'Login', password: 'Password', submit: 'Sign in', busy: 'Signing in…',
    totp: 'Code from your authenticator', totpLead: 'Six digits, new every 30 seconds.', verify: 'Verify', otherAccount: 'Use another account',
    ended: 'Your session has ended. Sign in to go on.', show: 'Show password', hide: 'Hide password',
  },
  road: {
    title: 'The road',
    stops: {
      uploaded: 'Uploaded', scanned: 'Scanned', approved: 'Approved', built: 'Built', staging: 'Staging', promoted: 'Promoted', rolling: 'Rolling out', live: 'Live',
    },
    states: { done: 'done', running: 'running', waiting: 'waiting for a person', failed: 'failed', aborted: 'aborted', over: 'no longer', ahead: 'ahead' },
    statesShort: { done: 'Done', running: 'Running', waiting: 'Waiting', failed: 'Failed', aborted: 'Aborted', over: 'No longer', ahead: 'Ahead' },
    summary: (done: number, at: string, state: string) => `${done} of 8 stops done; ${at}: ${state}`,
    running: (time: string) => `running for ${time}`, took: (time: string) => `took ${time}`, by: (who: string) => `by ${who}`,
  },
  needsReview: 'Needs review', aborted: 'Aborted',
  status: {
    Validating: 'Scanning', Validated: 'Waiting for approval', ValidationFailed: 'Blocked', PendingStagingDeployment: 'Going to staging', Staging: 'In staging',
    StagingFailed: 'Staging failed', PendingProdDeployment: 'Rolling out', Live: 'Live', ProdFailed: 'Production failed', Superseded: 'Superseded', Archived: 'Archived',
  },
  models: {
    title: 'Models', searchLabel: 'Search models', searchHint: 'Search models', status: 'Status', anyStatus: 'Any status', order: 'Order', recent: 'Newest change', byName: 'Name',
    needsYou: 'Needs you', all: 'All models', count: (n: number) => (n === 1 ? '1 model' : `${n.toLocaleString('en')} models`),
    live: (version: string) => `${version} live`, notLive: 'Not live', noVersion: 'No version yet', wholeCompany: 'Whole company',
    by: (who: string) => `by ${who}`,
    nothing: (text: string, status: string) => (text && status ? `No model matches “${text}” with the status ${status}.` : text ? `No model matches “${text}”.` : `No model has the status ${status}.`), needsMore: (n: number) => (n === 1 ? 'and 1 more' : `and ${n} more`), showAll: 'Show all', clear: 'Clear the filter',
    emptyTitle: 'No models yet', emptyLead: 'Drop a model file and its Dockerfile here. You see every step until it is live.', emptyAction: 'Upload a model',
    versions: 'Versions', noVersions: 'No version was uploaded yet.', uploadNext: 'Upload a version',
  },
  upload: {
    title: 'Upload a model', drop: 'Drop the model, its Dockerfile and what belongs to them', choose: 'Choose files', dropLead: 'A metadata.json fills in the form.', dropHere: 'Drop to add', titleFor: (model: string) => `Upload a version of ${model}`, keeps: (model: string) => `This uploads a version of ${model}.`,
    otherModel: (other: string, model: string) => `The metadata file names the model ${other}; this is uploaded as a version of ${model}.`,
    notYou: 'Uploading needs the role Data scientist. Ask an MLOps manager or an administrator for it.',
    files: 'Files', model: 'Model', dockerfile: 'Dockerfile', side: 'Side file', kind: (file: string) => `What ${file} is`, remove: (file: string) => `Remove ${file}`,
    about: 'About this version', name: 'Model name', nameHint: 'A new name makes a new model.', existing: (newest: string) => `Newest version is ${newest}.`, version: 'Version',
    description: 'Description', framework: 'Framework', optional: 'optional', params: 'Parameters', paramsRows: 'Key and value', paramsJson: 'JSON', key: 'Key', value: 'Value',
    addRow: 'Add a parameter', removeRow: (key: string) => `Remove parameter ${key}`, badJson: (why: string) => `This is not JSON: ${why}`, notObject: 'Parameters are a JSON object, like {"depth": 6}.',
    more: 'Metrics, schemas and serving', metrics: 'Metrics', inputSchema: 'Input schema', outputSchema: 'Output schema', serving: 'Serving',
    start: 'Upload', register: 'Register the version', pauseAll: 'Pause', resumeAll: 'Resume', pause: (file: string) => `Pause ${file}`, resume: (file: string) => `Resume ${file}`,
    digestRunning: (share: string) => `Digest ${share}`,
    states: {
      ready: 'Ready', sending: 'Sending', paused: 'Paused', waiting: 'Waiting for the network', done: 'Uploaded', failed: 'Stopped', needsFile: 'Choose the file again',
    },
    rate: (rate: string) => `${rate}/s`, left: (time: string) => `${time} left`, sent: (sent: string, all: string) => `${sent} of ${all}`,
    again: (file: string) => `Choose ${file} again: what was sent stays, the rest follows.`, allow: (file: string) => `Go on with ${file}`,
    otherFile: (file: string) => `That is not the same ${file}: its size or date differs.`, restored: 'An upload from before was found.', discard: 'Discard it',
    registering: 'Registering…', needModel: 'Add the model file.', needDockerfile: 'Add a Dockerfile.', needName: 'Name the model.', needVersion: 'Give the version, like 1.0.0.',
    badVersion: 'A version starts with a letter or digit and holds letters, digits, and . _ + -', twoModels: 'Only one file can be the model.',
    running: (share: string) => `Uploading, ${share}`,
    scanTitle: 'What is scanned', nextTitle: 'What happens next',
    scan: [
      'The model file, by what it is and not by its name: safetensors and pickle are read to the last byte and never run.',
      'Each global a pickle asks for, against a list of those allowed. What is not understood is not clean.',
      'The Dockerfile: its last user, pinned images, remote ADD, piped installers, secrets in ENV and ARG.',
      'The digest taken here, against the one taken where it is stored.',
    ],
    next: ['Scan, a minute or less.', 'An approver lets it go to staging.', 'The image is built in its own pod, then tested in staging.', 'Another person promotes it to production.'],
  },
  version: {
    of: (version: string, model: string) => `${model} ${version}`, facts: 'Facts', digest: 'Model digest', image: 'Image digest', size: 'Size', framework: 'Framework', submitter: 'Uploaded by',
    inventory: { title: 'In the image', packages: 'Packages', holes: 'Known holes', malware: 'Malware', none: 'None found', noDatabase: 'No vulnerability database loaded', noScanner: 'No malware scanner', list: 'Show the holes' },
    uploaded: 'Uploaded', params: 'Parameters', metrics: 'Metrics', files: 'Files', schema: 'Schema', input: 'Input', output: 'Output', serving: 'Serving', notBuilt: 'Not built yet',
    againstLive: (version: string) => `against live ${version}`, tabs: 'Details',
    approved: (who: string, env: string) => `${who} approved for ${env}`, rejected: (who: string) => `${who} rejected it`,
    findings: 'Findings', buildLog: 'Build log', deployments: 'Deployments', journal: 'Journal', openEndpoint: 'Open endpoint',
    notAllowed: 'Not possible now',
  },
  findings: {
    none: 'Nothing was found.', noneLead: (rules: string) => `Scanned with rules ${rules}.`, pending: 'The scan is running.', remedy: 'What to do', evidence: 'Evidence', rule: 'Rule',
    at: { offset: (n: string) => `byte ${n}`, line: (n: number, c?: number | null) => (c ? `line ${n}, column ${c}` : `line ${n}`) },
    severity: { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', info: 'Info' },
    verdict: { block: 'blocks', review: 'needs review', pass: 'noted' },
    waiver: {
      requested: (by: string, reason: string) => `${by} asks to accept it: “${reason}”`, accepted: (by: string, until: string) => `Accepted by ${by} until ${until}`,
      refused: (by: string, why: string) => `${by} refused: “${why}”`, expired: (until: string) => `Was accepted until ${until}`, title: 'Waiver',
    },
  },
  log: {
    none: 'The build has not started.', following: 'Following', searchLabel: 'Search the log', matches: (n: number) => (n === 1 ? '1 line' : `${n} lines`),
    lines: 'Build log lines', noMatch: (text: string) => `No line matches “${text}”.`,
  },
  deployments: {
    none: 'Nothing was deployed yet.', conditions: 'Conditions', pods: 'Pods', ready: (a: number, b: number) => `${a} of ${b} pods ready`,
    environment: { staging: 'Staging', production: 'Production' }, kept: 'kept for roll back', removed: 'removed', live: 'serving', deadline: (at: string) => `Must be ready by ${at}`,
    by: (who: string) => `asked by ${who}`, preview: 'Preview', phase: { Pending: 'Pending', Building: 'Building', Progressing: 'Progressing', Ready: 'Ready', Failed: 'Failed', Superseded: 'Superseded', Removed: 'Removed' } as Record<string, string>,
    standing: { aborted: 'Aborted', kept: 'Kept' }, lastSeen: 'What was seen last', podReady: 'ready', podNotReady: 'not ready',
  },
  strategy: {
    'blue-green': 'Blue-green', rolling: 'Rolling', canary: 'Canary', recreate: 'Recreate', canaryLead: 'A little of the traffic, judged by real signals, then more. What does worse is taken back.',
    blueGreenLead: 'Full size beside the old one, tested, then one switch. The old one is kept.', rollingLead: 'Pod after pod is replaced. Needs the least room.',
    blueGreenSteps: ['Start the new version beside the live one', 'Test it on a preview address', 'Switch all traffic at once', 'Keep the old one for roll back'],
    rollingSteps: ['Replace one pod', 'Wait until it is ready', 'Go on, pod after pod'],
    fitsNow: 'Fits now.', looking: 'Looking whether it fits…', wouldWait: 'It would wait for room.',
    recreateLead: 'For where not one pod more fits. The endpoint does not answer until the new version is ready.',
    recreateSteps: ['Stop the live version: from here the endpoint does not answer', 'Start the new version in its place', 'Test it on a preview address', 'Open it to traffic; if it fails, the old one comes back'],
  },
  rollout: {
    title: 'Rollout', steps: 'Steps of the rollout', judgements: 'Judgements', controls: 'Steer the rollout',
    weight: (share: string, version: string) => `${share} of the traffic goes to ${version}`, stays: (share: string, version: string) => `${share} stays with ${version}`,
    state: { done: 'done', now: 'now', next: 'ahead' }, pods: (share: string) => `${share} pods`, oldPods: (n: number) => `${n} old pods`,
    waiting: { pods: 'Waiting for pods', time: 'Waiting', person: 'Waiting for a person', judgement: 'Judging', pause: 'Paused', room: 'Waiting for room', predecessor: 'Waiting for the version before it to be gone' },
    left: (time: string) => `${time} left`, soon: 'any moment now', then: (what: string) => `Then: ${what}`, thenLive: 'Then it is live.', starting: 'It is about to start.',
    short: { preview: 'Preview', approve: 'A person', judge: 'Judge' },
    does: {
      scale: (pods: number, all: number, version: string) => `start ${pods} of ${all} pods of ${version}`, preview: (version: string) => `ask ${version} once through its preview`,
      weight: (share: string, version: string) => `send ${share} of the traffic to ${version}`, wait: (time: string) => `wait ${time}`, approve: (time: string) => `a person lets it go on, within ${time}`,
      judge: (time: string) => `judge it against the one before by ${time} of traffic`, shrink: (n: number) => n === 0 ? 'stop the one before: the endpoint does not answer until the new one is ready' : `the one before keeps ${n} pods`,
    },
    verdict: { pass: 'does well', fail: 'does worse', wait: 'not known yet' }, step: (n: number) => `Step ${n}`,
    numbers: { requests: 'Requests', errors: 'Errors', p95: 'p95', restarts: 'Restarts', agreement: 'Same answers', signal: 'Business signal' }, before: 'before', during: 'during', anew: 'The judgement begins anew.', counted: (n: string, needed: string) => `${n} of ${needed} requests counted`, needed: (n: string) => `${n} requests are needed`,
    standing: { enough: 'enough', within: 'within the limit', over: 'over the limit', below: 'below the limit', few: 'too few yet', early: 'not judged yet', free: 'not judged' }, nothing: 'nothing counted', limit: 'limit',
    atMost: (what: string) => `at most ${what}`, atLeast: (what: string) => `at least ${what}`, over: (what: string) => `${what} over the steps`, upTo: (what: string) => `up to ${what}`,
  },
  actions: {
    names: { deploy: 'Approve for staging', promote: 'Promote', reject: 'Reject', rollback: 'Roll back', rescan: 'Scan again', archive: 'Archive', 'request-waiver': 'Request waiver', 'accept-waiver': 'Approve waiver', 'refuse-waiver': 'Refuse waiver',
      'pause-rollout': 'Pause', 'resume-rollout': 'Resume', 'approve-step': 'Let it go on', 'skip-step': 'Skip this step', 'abort-rollout': 'Abort' } satisfies Record<ActionName, string>,
    redeploy: 'Deploy again', retryPromote: 'Promote again', group: 'Actions', allow: 'Waiting for you', comment: 'Comment', commentHint: 'Kept with the approval.', reason: 'Reason', sending: 'Sending…',
    deployTitle: (what: string) => `Approve ${what} for staging`, deployConfirm: (what: string) => `Build the image of ${what} and start it in staging now.`,
    redeployConfirm: (what: string) => `Start ${what} in staging again now.`,
    promoteTitle: (what: string) => `Promote ${what} to production`,
    promoteConfirm: {
      'blue-green': (version: string, from: string | null) => from ? `Start ${version} beside ${from}, test it, then send 100\u00a0% of production traffic to ${version}.` : `Start ${version}, test it, then open it to production traffic. Nothing is live before it.`,
      rolling: (version: string, from: string | null) => from ? `Replace the pods of ${from} with ${version}, one after the other, in production.` : `Start ${version} in production, pod after pod. Nothing is live before it.`,
      recreate: (version: string, from: string | null) => from ? `Stop ${from}, then start ${version} in its place. The endpoint does not answer until ${version} is ready; if it fails, ${from} comes back.` : `Start ${version}, test it, then open it to production traffic. Nothing is live before it.`,
      canary: (version: string, from: string | null) => from ? `Try ${version} on a little of the traffic of ${from}, judge it, and go on only while it does well.` : `Start ${version}, test it, then open it to production traffic. Nothing is live before it.`,
    },
    supersedes: (version: string) => `The rollout of ${version}, which is on its way there, is aborted.`,
    rollbackTitle: (model: string) => `Roll back ${model}`, rollbackTo: (model: string, to: string) => `Roll back ${model} to ${to}`, earlier: 'the version before it', rollbackConfirm: (version: string, to: string) => `Take ${version} out of production and bring back ${to}. It takes seconds.`,
    rollbackGap: (version: string, to: string) => `Take ${version} out of production and bring back ${to}. If it does not fit beside ${version}, the endpoint does not answer until it is ready.`,
    rejectTitle: (what: string) => `Reject ${what}`, rejectConfirm: (what: string) => `${what} does not go further. The uploader reads your reason.`, rejectNeedsReason: 'Say why, so that it can be mended.',
    requestWaiverTitle: (what: string) => `Request a waiver for ${what}`, requestWaiverConfirm: 'An approver is asked to accept these findings for these very files until the date.', until: 'Until',
    acceptWaiverTitle: (what: string) => `Approve the waiver for ${what}`, acceptWaiverConfirm: (what: string) => `${what} can be deployed although the scan found this.`,
    refuseWaiverTitle: (what: string) => `Refuse the waiver for ${what}`, refuseWaiverConfirm: (what: string) => `The findings stand, and ${what} does not go further. Whoever asked reads your reason.`,
    rescanTitle: (what: string) => `Scan ${what} again`, rescanConfirm: 'The files are read again with the rules of today.',
    skipStepTitle: (what: string) => `Skip a step of ${what}`, abortTitle: (what: string) => `Abort the rollout of ${what}`,
    abortConfirm: (version: string, from: string | null) => from ? `${from} goes on serving and gets all traffic back. ${version} goes no further.` : `${version} goes no further. Nothing is live then.`,
    archiveTitle: (what: string) => `Archive ${what}`, archiveConfirm: (what: string) => `${what} leaves the lists. Its record stays.`,
    done: {
      deploy: (what: string) => `${what} is going to staging.`, promote: (what: string) => `${what} is rolling out.`, reject: (what: string) => `${what} was rejected.`,
      rollback: (what: string) => `${what}: rolling back.`, rescan: (what: string) => `${what} is being scanned again.`, archive: (what: string) => `${what} was archived.`,
      'request-waiver': (what: string) => `A waiver for ${what} was asked for.`, 'accept-waiver': (what: string) => `The findings of ${what} are accepted.`, 'refuse-waiver': (what: string) => `The waiver for ${what} was refused.`,
      'pause-rollout': (what: string) => `The rollout of ${what} is paused.`, 'resume-rollout': (what: string) => `The rollout of ${what} goes on.`, 'approve-step': (what: string) => `The rollout of ${what} goes on.`,
      'skip-step': (what: string) => `A step of ${what} was skipped.`, 'abort-rollout': (what: string) => `The rollout of ${what} was aborted.`,
    } satisfies Record<ActionName, (what: string) => string>,
    stale: 'Someone was faster: this version changed since you opened it. Look at the new state and decide again.',
    compare: 'What changes', now: 'Live now', then: 'After', nothingLive: 'Nothing is live', sameCount: (n: number) => `${n} the same`, findingsTitle: 'What the scan says', strategyTitle: 'How', replicas: 'Replicas', gpus: 'GPUs', memory: 'Memory', cpu: 'CPU', versionLabel: 'Version', clean: 'No findings.',
  },
  endpoint: {
    title: 'Endpoints', none: 'No endpoint yet', noneLead: 'An endpoint appears when a version reaches staging or production.', available: 'Available', unavailable: 'Not available',
    serves: (version: string) => `serves ${version}`, url: 'Address', call: 'Call it', schema: 'Schema', tryIt: 'Try it', send: 'Send', sending: 'Sending…', answer: 'Answer', took: (time: string) => `in ${time}`,
    body: 'Request body', badJson: (why: string) => `This is not JSON: ${why}`, draw: 'Draw', json: 'JSON', drawLead: 'Draw a digit with the mouse or a finger. Arrow keys move, space paints.', clear: 'Clear', sample: 'Use the sample',
    canvas: 'Drawing of 8 by 8 pixels', isA: (digit: string) => `It reads a ${digit}`, sure: (share: string) => `${share} sure`, n8nHint: 'Copy, then paste onto the canvas of an n8n workflow.', changed: 'Changed', noSchema: 'No schema was given.',
    traffic: {
      title: 'The last hour', requests: 'Requests', errors: 'Errors', p95: 'p95', answeredBy: 'Answered by', aMinute: (n: string) => `${n} a minute`, most: (what: string) => `up to ${what}`,
      version: (version: string, requests: string) => `${version} (${requests})`, notCounted: 'The bridge does not know where the gateway tells its metrics, so nothing is counted.', unread: 'The gateway’s metrics could not be read yet.',
      soon: (time: string) => `Counted since ${time}; the first minute is not over.`, none: (time: string) => `No requests since ${time}.`,
      told: (name: string, all: string, most: string, last: string, from: string, to: string) => `${name} from ${from} to ${to}: ${all ? `${all} in all, ` : ''}up to ${most}, last ${last}.`,
    },
    notFound: 'This endpoint does not exist, or you may not see it.', environment: { staging: 'Staging', production: 'Production' }, language: 'Snippet language', input: 'Input', output: 'Output', mode: 'Input mode', cell: (row: number, column: number) => `Row ${row}, column ${column}`,
  },
  activity: {
    title: 'Activity', none: 'Nothing has happened yet.', noneMatch: (what: string) => `Nothing matches ${what}.`, clear: 'Clear the filter', loaded: (n: number) => `Looked through the ${n} events loaded.`, filter: 'Filter', topics: { all: 'Everything', status: 'Status', scan: 'Scans', build: 'Builds', deployment: 'Deployments', approval: 'Approvals', endpoint: 'Endpoints' },
    today: 'Today', yesterday: 'Yesterday', searchLabel: 'Filter by text', system: 'System', older: 'Show older',
    sentence: (event: EventView, status: (key: string) => string): string => {
      const p = event.payload as Record<string, string | undefined>;
      switch (event.topic) {
        case 'version.registered': return 'was uploaded';
        case 'version.status': return p.from ? `${status(p.from)} → ${status(p.status ?? '')}` : status(p.status ?? '');
        case 'version.build': return `build ${{ wanted: 'wanted', running: 'started', done: 'done', failed: 'failed' }[p.state ?? ''] ?? p.state ?? ''}`;
        case 'version.waiver': return `${{ requested: 'waiver asked for', accepted: 'findings accepted', refused: 'waiver refused', expired: 'waiver expired' }[p.state ?? ''] ?? 'waiver'}`;
        case 'request.state': return `request ${{ accepted: 'waits', refused: 'refused', done: 'done', failed: 'failed' }[p.state ?? ''] ?? p.state ?? ''}`;
        case 'policy.change': return `${{ requested: 'asked to loosen the policy', 'in-force': 'policy loosened', rejected: 'loosening refused', withdrawn: 'loosening withdrawn' }[p.state ?? ''] ?? 'policy'}: ${p.reason ?? ''}`;
        case 'version.scan': return `scan says ${{ pass: 'clean', review: 'to review', block: 'blocked' }[p.verdict ?? ''] ?? p.verdict ?? ''}`;
        case 'deployment.facts': return `deployment ${p.phase?.toLowerCase() ?? 'changed'}`;
        case 'deployment.integrity': return p.state === 'good' ? 'runs as approved again' : 'differs from what was approved';
        case 'rollout.steered': return { pause: 'rollout paused', resume: 'rollout resumed', 'approve-step': 'let go on', 'skip-step': 'step skipped', abort: 'rollout aborted' }[p.action ?? ''] ?? 'rollout steered';
        case 'endpoint.changed': return p.isAvailable === undefined || p.isAvailable ? 'endpoint available' : 'endpoint not available';
        case 'approval.recorded': return p.decision === 'rejected' ? 'was rejected' : 'was approved';
        default: return event.topic;
      }
    },
  },
  keys: {
    title: 'Keyboard', search: 'Search', models: 'Models', endpoints: 'Endpoints', activity: 'Activity', upload: 'Upload', help: 'This help', close: 'Close what is open', then: 'then',
  },
};
