import "./theme.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { finishSignIn } from "./session/provider-sign-in.ts";
import { findSession, followOtherTabs } from "./session/session.ts";
import { startSettings } from "./settings/settings.ts";

startSettings();
void findSession().then(finishSignIn);
followOtherTabs();
const page = document.getElementById("page");
if (page !== null) {
  createRoot(page).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
