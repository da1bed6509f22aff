import { createRoot } from "react-dom/client";
import "../theme.css";
import { Site, startLanguage } from "./site.tsx";

startLanguage();
const page = document.getElementById("page");
if (page !== null) createRoot(page).render(<Site />);
