import { lazy, Suspense } from "react";
import { NothingPage } from "./pages/nothing-page.tsx";
import { Catch } from "./parts/catch.tsx";
import { Loading } from "./parts/loading.tsx";
import { useAddress } from "./routing/link.tsx";
import { useSession } from "./session/session.ts";
import { TextProvider } from "./text/text.tsx";

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
  if (session.kind === "unknown") return <Loading />;
  if (address.page === "sign-in" || (session.kind === "out" && !session.again)) return <SignInPage />;
  return (
    <>
      <Page />
      <Suspense>{session.kind === "out" && <SignInDialog />}</Suspense>
    </>
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
