import type { HealthText } from "../health/health-text.ts";
import type { ViewerText } from "../viewer/viewer-text.ts";

/**
 * All texts of the page, in English. Other languages are objects of the same type. `**` marks emphasis.
 */
export const en = {
  language: "English",
  product: "Taffrail",
  loading: "Loading",
  again: "Try again",
  home: "All projects",
  signedInAs: (user: string) => `Signed in as ${user}`,
  skip: "Skip to the content",
  crumbs: "Breadcrumb",

  menu: {
    title: "Settings",
    theme: "Colours",
    themes: { system: "System", light: "Light", dark: "Dark" },
    language: "Language",
    systemLanguage: "Browser",
    keys: "Single-key shortcuts",
    keysOn: "On",
    keysOff: "Off",
    health: "Server health",
    signOut: "Sign out",
  },

  share: "Copy link",
  shared: "Link copied",
  notCopied: "Your browser did not allow copying: copy the address above.",

  keys: {
    title: "Keys",
    close: "Close",
    off: "Single-key shortcuts are off. Turn them on in the settings.",
  },

  phases: {
    unknown: "Unknown",
    pending: "Pending",
    running: "Running",
    successful: "Passed",
    failed: "Failed",
    error: "Error",
    inconclusive: "Inconclusive",
  },

  signIn: {
    title: "Sign in",
    again: "You are signed out",
    againWhy: "Your token has expired or was revoked. What is on the screen stays, and logs resume at the same line.",
    why: "Kubernetes decides what you may read. Paste a token that the cluster accepts.",
    token: "Token",
    how: "With kubectl, you can create one:",
    go: "Sign in",
    going: "Signing in",
    refused: "The server did not accept this token.",
    unreachable: "The server cannot be reached. Check that it is running.",
    nothing: "Paste a token first.",
    strange: (character: string) =>
      `A token contains no “${character}”: copy the whole token, as it is, without what stands around it.`,
    demo: "This is the demo. Sign in as one of its users:",
    demoViewer: "The viewer, who may read the project guestbook",
    demoOutsider: "The outsider, who has no access",
    contact: (contact: string) => `No token? Ask ${contact}.`,
  },

  projects: {
    title: "Projects",
    none: "No projects that you may read",
    noneWhy:
      "Kubernetes does not let you read runs in any project. You need to get and list analysisruns.argoproj.io in one.",
    noneNext: (contact: string) => `Ask ${contact || "whoever runs this cluster"} for access.`,
    incomplete: "The cluster has more projects than this page checks: some may be missing.",
  },

  runs: {
    title: (project: string) => `Runs of ${project}`,
    filters: "Filters",
    stage: "Stage",
    anyStage: "All stages",
    phase: "Result",
    anyPhase: "All results",
    time: "Time",
    times: { all: "Any time", hour: "Last hour", day: "Last 24 hours", week: "Last 7 days" },
    freight: "Freight",
    clear: "Clear filters",
    failed: "Failed",
    open: "Running",
    other: "Passed and others",
    count: (count: number) => (count === 1 ? "1 run" : `${count} runs`),
    none: "No runs yet",
    noneWhy: "Nothing has been verified in this project yet. The first run appears here by itself.",
    noneFiltered: "No matching runs",
    noneFilteredWhy: "There are runs, but none with this stage, result, freight and time.",
    more: "Older runs",
    incomplete: "The project has more runs than a list reads: some may be missing.",
    live: "Updates automatically",
    stale: "Not up to date: the connection was lost. Retrying.",
    table: { run: "Run", stage: "Stage", result: "Result", when: "When", took: "Took", why: "Why" },
    noStage: "no stage",
  },

  cause: {
    failed: (metric: string, attempt: string) => `Verification failed: ${metric}${attempt}`,
    error: (metric: string, attempt: string) => `Verification could not be measured: ${metric}${attempt}`,
    running: (metric: string, attempt: string) => `Verifying: ${metric}${attempt}`,
    pending: "Verification has not started",
    successful: "Verification passed",
    inconclusive: (metric: string) => `Verification inconclusive: ${metric}`,
    unknown: "Verification",
    attemptOf: (attempt: number, attempts: number) => `, attempt ${attempt} of ${attempts}`,
    attempt: (attempt: number) => `, attempt ${attempt}`,
    exited: (container: string, code: string) => `Container **${container}** exited with **${code}**.`,
    outOfMemory: (container: string) => `Container **${container}** was killed: it ran **out of memory**.`,
    exitedFor: (container: string, code: string, reason: string) =>
      `Container **${container}** exited with **${code}** (${reason}).`,
    hasRun: (container: string, time: string) => `Container **${container}** has been running for **${time}**.`,
    waits: (container: string, reason: string) => `Container **${container}** is waiting: **${reason}**.`,
    podWaits: (message: string) => `The pod is waiting: **${message}**`,
    attemptFailed: (attempt: number) => `Attempt ${attempt} failed.`,
    measured: (provider: string, value: string) => `Measured by **${provider}**: the last value was **${value}**.`,
    wanted: (condition: string) => `It succeeds if ${condition}.`,
    unwanted: (condition: string) => `It fails if ${condition}.`,
    limitFailed: (counted: number, allowed: number) =>
      `The metric allows ${allowed === 1 ? "1 failure" : `${allowed} failures`}; it counted **${counted}**.`,
    limitInconclusive: (counted: number, allowed: number) =>
      `The metric allows ${allowed} inconclusive measurements; it counted **${counted}**.`,
    limitErrors: (counted: number, allowed: number) =>
      `The metric allows ${allowed} consecutive errors; there were **${counted}**.`,
    podGone: "The pod is gone, so its exit code is unknown.",
    allPassed: (count: number) => (count === 1 ? "Its metric passed." : `All ${count} metrics passed.`),
    startsLater: "The log appears here by itself once its job starts.",
    saidByRun: "from the AnalysisRun",
    firstOf: (count: string) => `first of ${count} errors`,
    onlyError: "the only error",
    noError: "No line of the log looks like an error. These are its last lines.",
    nextError: "Next error",
    toError: "First error",
    line: (line: string) => `line ${line}`,
    stage: "stage",
    freight: "freight",
    promotion: "promotion",
    rollout: "Rollout",
    revision: (revision: string) => `revision ${revision}`,
    took: "took",
    running_: "running for",
    reports: "Reports",
    opensElsewhere: "opens another site",
  },

  nav: {
    label: "Metrics and attempts",
    metrics: "Metrics",
    attempt: (attempt: number) => `attempt ${attempt}`,
    forgotten: "Argo Rollouts keeps the last 10 attempts.",
    noLog: (provider: string) => `measured by ${provider}, has no log`,
    notBegun: "not measured yet",
    dryRun: "dry run: does not count",
    others: "Other runs of this freight",
    containers: "Containers",
    init: (name: string) => `init: ${name}`,
    all: "all",
  },

  log: {
    region: (name: string) => `Log of ${name}`,
    lines: (lines: string) => `${lines} lines`,
    from: (source: string) => `from ${source}`,
    download: "Download",
    connecting: "Requesting the log",
    waitingForServer: (tries: number, of: number) => `Connection lost. Lines stay; resuming, try ${tries} of ${of}.`,
    waitingForSignIn: "You are signed out. Sign in to resume the log at the same line.",
    ends: {
      none: "no log",
      complete: "complete",
      caughtUp: "all so far; the job is still running",
      sourceEnded: "the source ended; there may be more",
      limitReached: "up to the requested limit",
      untilReached: "up to the requested time",
      scanBudgetSpent: "as far as the server scans in one call",
      sourceFailed: "NOT complete: the log's source failed",
      serverShutdown: "NOT complete: the server shut down",
      serverLimit: "NOT complete: a server limit was reached",
      sourceStalled: "NOT complete: the log's source sent nothing for too long",
      readerStalled: "NOT complete: this page read nothing for too long",
      authorizationLost: "NOT complete: you may no longer read this",
      tokenExpired: "NOT complete: your token has expired",
      unknown: "NOT complete: the connection broke",
    },
    live: "live",
    loading: "loading",
    breaks: {
      limit:
        "This server limits how much of one log it sends: this is the beginning. " +
        "An operator can raise the limit, or get the rest from the store.",
      denied:
        "Your access was revoked while the log was being read. The lines read so far stay, " +
        "and the log resumes by itself once you have access again.",
      broken: "The log broke off and could not be resumed in several tries. The lines read so far stay.",
      refused: (message: string) =>
        `The log broke off and cannot be resumed: **${message}** The lines read so far stay.`,
      readOn: "Resume",
    },
  },

  noLog: {
    title: (metric: string, attempt: number, container: string) =>
      `No log for ${metric}${attempt > 0 ? `, attempt ${attempt}` : ""}${container ? `, ${container}` : ""}`,
    chainLabel: "What was checked, in order",
    run: (run: string) => `run found: **${run}**`,
    metric: (metric: string) => `metric **${metric}** runs a job`,
    attempt: (attempt: number) => `attempt **${attempt}** has a job`,
    source: (source: string, message: string) => `**${source}**: ${message}`,
    outcomes: {
      notMatched: "not asked: its configuration excludes this run",
      variableMissing: "not asked: its address needs something that this run does not have",
      valueRefused: "not asked: a name of this run is not allowed in its address",
      notFound: "has no such log",
      notFoundStatus: (status: number) => `answered ${status}: not uploaded yet, or never`,
      refused: "refused this server",
      refusedStatus: (status: number) => `answered ${status}: it refused this server's own credentials, not yours`,
      unavailable: "could not be reached, or failed",
      unavailableStatus: (status: number) => `answered ${status}: it is down or busy`,
      silent: "did not answer in time",
      notYet: "the container has not started yet",
      unknown: "returned no log",
    },
    faults: {
      nameNotResolved: "its host's name could not be resolved (DNS)",
      connectionRefused: "refused the connection: it may be down",
      connectionClosed: "closed the connection without a response",
      tls: "failed TLS: this server does not trust its certificate",
      addressNotAllowed: "not asked: this server may not connect to its address",
      notHttp: "did not respond with HTTP",
      redirect: (status: number) => `answered ${status}, a redirect: possibly to a login page`,
      noPod: "the cluster no longer has a pod of this attempt",
      logRemoved: "the pod's node has removed the log",
      neverStarted: "the container was never started, so it wrote nothing",
    },
    whys: {
      addressNotAllowed:
        "This server may not connect to the store's address. " +
        "Only an operator can fix that, with another address or an entry under egress.allow.",
      redirect: "The store redirects this server instead of answering. Only an operator can fix that.",
      tls:
        "This server does not trust the store's certificate. The log itself is most likely intact. " +
        "An operator has to fix the certificate or configure its CA.",
      nameNotResolved:
        "The store's host name cannot be resolved: it is misspelled in the configuration, or DNS is down. " +
        "The log itself is most likely intact.",
      silent: "The store takes too long to answer. The log itself is most likely intact.",
      missing: "No source has the log: it was never stored, or it is gone.",
      noSuchMetric: "The run has no metric of this name.",
      noSuchAttempt: "The run has no such attempt. Argo Rollouts keeps the last 10.",
      noSuchContainer: "The attempt has no container of this name.",
    },
    runSays: (message: string) => `The run reports: **${message}**`,
    endedAgo: (ago: string) => `The job ended ${ago}. Stores often receive a log only a minute later.`,
    pastRetention: (days: number) =>
      `Logs are kept here for ${days} days, and this job ended before that: the log is gone.`,
    lookAgain: "Retry now",
    lookingIn: (seconds: number, tries: number, of: number) => `Retrying in ${seconds} s, try ${tries} of ${of}.`,
    copyDetails: "Copy details for your operator",
    copied: "Copied",
    looking: "Retrying…",
    tryingAgain: (tries: number, of: number) => `Retrying, try ${tries} of ${of}.`,
    tell: (contact: string, reference: string) =>
      `Tell ${contact || "whoever runs this server"}${withReference(reference)}.`,
    ifItStays: (contact: string, reference: string) =>
      `If this persists, tell ${contact || "whoever runs this server"}${withReference(reference)}.`,
    thereAre: (names: string) => `Known: **${names}**.`,
    keptLonger: (contact: string) =>
      `Ask ${contact || "whoever runs this server"} whether it is kept elsewhere for longer.`,
    otherAttempt: (attempt: number) => `See attempt ${attempt}`,
    defaultLog: "Show the default log",
  },

  states: {
    empty: "The container wrote no output",
    emptyWhy: "The log exists but is empty: the process ended, or was killed, before it wrote a line.",
    emptyNext: "See what the run reports above: an exit code, or a message.",
    noLog: {
      page: "This looks like a web page, not a log",
      answer: "This looks like a JSON response, not a log",
    },
    noLogWhy: {
      page: "The store answered with a web page instead of the log: possibly a login or error page.",
      answer: "The store answered with a JSON document instead of the log: possibly an error.",
    },
    showAnyway: "Show it anyway",
    waiting: "Waiting for the log",
    waitingWhy: "The log appears here as soon as the container writes. You need not reload the page.",
    nonJob: (metric: string) => `${metric} has no log, by design`,
    nonJobWhy: (provider: string) => `It is measured by ${provider}, not by a job. These are its measurements:`,
    measurements: "Measurements",
    demands: {
      succeeds: "Succeeds if",
      fails: "Fails if",
      always: "it could be measured",
      measured: "Measured",
      times: (done: number, count: number, every: string) =>
        (count > 0 ? `${done} of ${count} times` : `${done} times, until the run ends`) + (every && `, every ${every}`),
      tallies: {
        failed: "Failed",
        inconclusive: "Inconclusive",
        consecutiveErrors: "Consecutive errors",
        consecutiveSuccesses: "Consecutive successes",
      },
      atMost: (counted: number, limit: number | undefined) =>
        limit === undefined ? `${counted}` : `${counted}, at most ${limit} allowed`,
      of: (counted: number, wanted: number) => `${counted} of ${wanted} required`,
    },
    measurement: { number: "No.", result: "Result", value: "Value", when: "When", message: "Message" },
    notYet: "The job has not started",
    runGone: "This run does not exist, or you may not read it",
    runGoneWhy:
      "Both look the same on purpose. " +
      "Runs are deleted with their project, and by the retention limits of Kargo and Argo Rollouts.",
    denied: (project: string) => `You may not read the project ${project}`,
    deniedWhy:
      "Or it does not exist: both look the same on purpose. You need the right to get analysisruns.argoproj.io there.",
    askAccess: (contact: string) => `Ask ${contact || "whoever runs this cluster"} for access, and name the project.`,
    signInAsOther: "Sign in as another user",
    backendRefused: "The log store refused this server",
    backendRefusedWhy:
      "This server's credentials for the store are wrong or have expired. Only an operator can fix that.",
    unavailable: "The log is unavailable right now",
    unavailableWhy: "Its store, or the network to it, is down. The log itself is most likely intact.",
    notConfigured: "Logs are not set up here",
    notConfiguredWhy: "This server does not know where logs are kept: an operator has to configure it under sources.",
    tooMuch: "Too many open logs",
    tooMuchWhy: "You have reached the limit of open logs per user, over all tabs, or the server has reached its own.",
    tooMuchNext: "Close a tab with a log: this one then opens by itself.",
    unreachable: "The server cannot be reached",
    unreachableWhy: "Your network or the server is down for the moment.",
    offline: "You are offline",
    offlineWhy: "Your browser has no network. This page resumes by itself once it is back.",
    clusterAway: "The cluster does not respond",
    clusterAwayWhy: "Runs, and access to them, come from the Kubernetes API, which cannot be reached right now.",
    clusterRefused: "The cluster refused this server",
    clusterRefusedWhy:
      "The server's own account lacks a right, or its token is no longer valid. Only an operator can fix that.",
    restarting: "The server is being restarted",
    restartingWhy: "It accepts no new calls for the moment.",
    notOurs: "This does not look like a Taffrail server",
    notOursWhy: "Something else answered instead: possibly a proxy's login page.",
    notOursNext: "Reload the page: if there is a login page, it appears then.",
    jobNotOfRun: "The run refers to a job that is not its own",
    jobNotOfRunWhy: "Its log is not shown, because whoever may write runs could refer to any job in the cluster.",
    jobNotCreated: "The job was never created",
    jobNotCreatedWhy: "The attempt ended before Kubernetes created its job: there is no pod and no log.",
    jobNotCreatedNext: "The message says what went wrong. Possible causes are the AnalysisTemplate or a quota.",
    wrong: "Something went wrong",
    wrongWhy: "This is a fault in the server. Its own log has the details.",
    nameInvalidWhy: "It contains a name that Kubernetes does not allow: the link may be truncated or mistyped.",
    nothing: "Page not found",
    nothingWhy: "The link may be truncated or mistyped.",
    toProjects: "Go to the projects",
    crashed: "This page crashed",
    crashedWhy: "Nothing is lost on the server. Reload the page.",
    reload: "Reload",
    plainView: "Open without the view in the address",
  },

  demo: {
    label: "Demo",
    intro: "Break it, and see what the log does:",
    deletePod: "Delete the pod",
    restart: "Restart the server",
    cut: "Cut the network",
    revoke: "Revoke access",
    restore: "Restore access",
    live: "Watch a live log",
    outsider: "Switch to the outsider",
    viewer: "Switch to the viewer",
    counter: (lost: string, doubled: string) => `${lost} lost, ${doubled} duplicated`,
    counted: (lines: string) => `of ${lines} lines`,
    breaks: (breaks: string) => `${breaks} breaks`,
    done: {
      "delete-pod": "The pod was deleted: the log continues from the store.",
      restart: "The server was restarted.",
      cut: "Every connection was cut; none can be made for three seconds.",
      revoke: "The viewer's access was revoked: open logs end within seconds.",
      restore: "The viewer has access again.",
    },
    failed: "That did not work. Try again in a moment.",
    linkUsed: "This link has been used before. Sign in here; each start prints a new link.",
  },
};

/** The texts of a language. The viewer and the operators' page bring their own English. */
export type Text = typeof en & { readonly viewer?: ViewerText; readonly health?: HealthText };

function withReference(reference: string): string {
  return reference && `, with the reference **${reference}**`;
}
