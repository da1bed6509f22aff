import { lazy, type ReactNode, Suspense } from "react";
import { usePathname } from "wouter/use-browser-location";
import { Frame } from "./frame/frame.tsx";
import { NothingPage } from "./pages/nothing-page.tsx";
import { Catch } from "./parts/catch.tsx";
import { Loading } from "./parts/loading.tsx";
import { Link, useAddress } from "./routing/link.tsx";
import { useSession } from "./session/session.ts";
import { TextProvider, useText } from "./text/text.tsx";

// Each page is loaded when it is first opened.
const ProjectsPage = lazy(async () => ({ default: (await import("./pages/projects-page.tsx")).ProjectsPage }));
const RunsPage = lazy(async () => ({ default: (await import("./pages/runs-page.tsx")).RunsPage }));
const SignInPage = lazy(async () => ({ default: (await import("./pages/sign-in-page.tsx")).SignInPage }));
const SignInDialog = lazy(async () => ({ default: (await import("./pages/sign-in-dialog.tsx")).SignInDialog }));
const HealthPage = lazy(async () => ({ default: (await import("./pages/health-page.tsx")).HealthPage }));
const RunPage = lazy(async () => ({ default: (await import("./pages/run-page.tsx")).RunPage }));

/** The whole page. */
export function App() {
  return (
    <TextProvider>
      <Catch>
        <Suspense fallback={<Loading />}>
          <Content />
        </Suspense>
      </Catch>
    </TextProvider>
  );
}

function Content() {
  const address = useAddress();
  const session = useSession();
  const path = usePathname();
  if (session.kind === "unknown") return <Loading />;
  if (address.page === "sign-in" || (session.kind === "out" && !session.again)) return <SignInPage />;
  return (
    <>
      <Catch about={path} frame={(content) => <CrashFrame>{content}</CrashFrame>}>
        <Page />
      </Catch>
      <Suspense>{session.kind === "out" && <SignInDialog />}</Suspense>
    </>
  );
}

/** The frame of a page that crashed: the header, and the way back. */
function CrashFrame({ children }: { readonly children: ReactNode }) {
  const text = useText();
  const address = useAddress();
  const crumbs =
    address.page === "run" ? (
      <>
        <Link to={{ page: "runs", project: address.project }}>{address.project}</Link> /{" "}
        <b className="mono">{address.run}</b>
      </>
    ) : undefined;
  return (
    <Frame title={text.states.crashed} crumbs={crumbs}>
      {children}
    </Frame>
  );
}

function Page() {
  const address = useAddress();
  switch (address.page) {
    case "projects":
    case "sign-in":
      return <ProjectsPage />;
    case "runs":
      return <RunsPage key={address.project} project={address.project} />;
    case "run":
      return <RunPage key={`${address.project}/${address.run}`} {...address} />;
    case "health":
      return <HealthPage />;
    case "nothing":
      return <NothingPage />;
  }
}
