import { createRoot } from "react-dom/client";
import "../theme.css";
import { Gallery } from "./gallery.tsx";

const page = document.getElementById("page");
if (page !== null) createRoot(page).render(<Gallery />);
