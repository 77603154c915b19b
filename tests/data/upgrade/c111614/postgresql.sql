SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.image (
    id character varying(40) NOT NULL,
    job_id character varying(32) NOT NULL,
    n integer NOT NULL,
    seed bigint NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    content_type character varying(32) NOT NULL,
    num_bytes integer NOT NULL,
    storage_key character varying(255) NOT NULL,
    thumbnail_key character varying(255),
    queued_at_s double precision NOT NULL,
    started_at_s double precision NOT NULL,
    finished_at_s double precision NOT NULL,
    encode_s double precision NOT NULL,
    step_share_s double precision NOT NULL,
    decode_s double precision NOT NULL,
    lora_sha256s json NOT NULL,
    base_sha256 character varying(64) NOT NULL
);
CREATE TABLE public.job (
    id character varying(32) NOT NULL,
    owner character varying(255) NOT NULL,
    status character varying(16) NOT NULL,
    prompt text NOT NULL,
    final_prompt text NOT NULL,
    negative_prompt text NOT NULL,
    num_images integer NOT NULL,
    quality character varying(16) NOT NULL,
    num_inference_steps integer NOT NULL,
    guidance_scale double precision NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    seed bigint NOT NULL,
    sampler character varying(32) NOT NULL,
    image_format character varying(8) NOT NULL,
    model character varying(160),
    loras json NOT NULL,
    base_name character varying(255) NOT NULL,
    base_sha256 character varying(64) NOT NULL,
    attempt integer NOT NULL,
    lost_leases integer NOT NULL,
    lease_owner character varying(64),
    lease_until double precision NOT NULL,
    num_events integer NOT NULL,
    error_code character varying(32),
    error_detail text,
    created_at_s double precision NOT NULL,
    started_at_s double precision,
    finished_at_s double precision,
    CONSTRAINT ck_job_ck_job_status CHECK (((status)::text = ANY ((ARRAY['queued'::character varying, 'processing'::character varying, 'completed'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);
CREATE TABLE public.job_event (
    job_id character varying(32) NOT NULL,
    seq integer NOT NULL,
    name character varying(16) NOT NULL,
    data json NOT NULL,
    created_at_s double precision NOT NULL
);
CREATE TABLE public.lora (
    label character varying(160) NOT NULL,
    name character varying(64) NOT NULL,
    version character varying(64),
    sha256 character varying(64) NOT NULL,
    short_hash character varying(12) NOT NULL,
    num_bytes bigint NOT NULL,
    rank integer NOT NULL,
    num_modules integer NOT NULL,
    has_text_encoder boolean NOT NULL,
    trigger text,
    title text,
    base_model character varying(255),
    file_metadata json NOT NULL,
    loaded_at_s double precision NOT NULL
);
INSERT INTO public.alembic_version VALUES ('0001');
INSERT INTO public.image VALUES ('2c146bf013b4a126bbcff60b9d40e52d-2', '2c146bf013b4a126bbcff60b9d40e52d', 2, 0, 32, 32, 'image/jpeg', 1681, 'generations/2c146bf013b4a126bbcff60b9d40e52d/2c146bf013b4a126bbcff60b9d40e52d-2.jpg', NULL, 1795810902.472307, 1795810902.514626, 1795810902.661303, 0, 1.3333333333333332e-06, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO public.image VALUES ('2c146bf013b4a126bbcff60b9d40e52d-3', '2c146bf013b4a126bbcff60b9d40e52d', 3, 1, 32, 32, 'image/jpeg', 1657, 'generations/2c146bf013b4a126bbcff60b9d40e52d/2c146bf013b4a126bbcff60b9d40e52d-3.jpg', NULL, 1795810902.472307, 1795810902.514626, 1795810902.669737, 0, 1.3333333333333332e-06, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO public.image VALUES ('2c146bf013b4a126bbcff60b9d40e52d-1', '2c146bf013b4a126bbcff60b9d40e52d', 1, 4294967295, 32, 32, 'image/jpeg', 1690, 'generations/2c146bf013b4a126bbcff60b9d40e52d/2c146bf013b4a126bbcff60b9d40e52d-1.jpg', NULL, 1795810902.472307, 1795810902.514626, 1795810902.67552, 0, 1.3333333333333332e-06, 1e-06, '["2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO public.image VALUES ('72e7be9caa8679eea4be97ab912fe40b-1', '72e7be9caa8679eea4be97ab912fe40b', 1, 7, 32, 32, 'image/png', 445, 'generations/72e7be9caa8679eea4be97ab912fe40b/72e7be9caa8679eea4be97ab912fe40b-1.png', NULL, 1795810902.703803, 1795810902.7174206, 1795810902.726048, 0, 4.9999999999999996e-06, 1e-06, '[]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO public.image VALUES ('3c9a5ab8618ec8bacb4090dfc463eb93-1', '3c9a5ab8618ec8bacb4090dfc463eb93', 1, 12, 32, 32, 'image/jpeg', 1678, 'generations/3c9a5ab8618ec8bacb4090dfc463eb93/3c9a5ab8618ec8bacb4090dfc463eb93-1.jpg', NULL, 1795810902.743009, 1795810902.754781, 1795810902.765385, 0, 1e-06, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO public.image VALUES ('8f856ac0fe25cf6091d72a7fc7cb0289-1', '8f856ac0fe25cf6091d72a7fc7cb0289', 1, 30, 32, 32, 'image/jpeg', 1638, 'generations/8f856ac0fe25cf6091d72a7fc7cb0289/8f856ac0fe25cf6091d72a7fc7cb0289-1.jpg', NULL, 1795810902.825309, 1795810902.8390446, 1795810902.862794, 0, 3.333333333333333e-06, 1e-06, '["fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e"]', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5');
INSERT INTO public.job VALUES ('dee23e7bcdd3ec0398e2a2e761f01a0e', 'ip:testclient', 'cancelled', 'red woman on a beach', 'jade woman, red woman on a beach', 'low quality, blurry, distorted', 2, 'high', 3, 7, 32, 32, 3, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 1, NULL, NULL, 1795810902.786383, 1795810902.805025, 1795810902.810926);
INSERT INTO public.job VALUES ('2c146bf013b4a126bbcff60b9d40e52d', 'ip:testclient', 'completed', 'red dress, beach', 'jade woman, red dress, beach', 'low quality, blurry, distorted', 3, 'high', 4, 7, 32, 32, 4294967295, 'euler', 'jpeg', 'jade-v1', '[{"name": "jade", "version": "1", "sha256": "2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b", "short_hash": "94bc92e99332", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 4, NULL, NULL, 1795810902.472307, 1795810902.50613, 1795810902.68933);
INSERT INTO public.job VALUES ('8f856ac0fe25cf6091d72a7fc7cb0289', 'ip:testclient', 'processing', 'dress at the beach', 'jade woman, dress at the beach', 'low quality, blurry, distorted', 3, 'high', 10, 7, 32, 32, 30, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, '61ea550169766b7057773b4a336e6502/95b33b78', 1795810912.837114, 1, NULL, NULL, 1795810902.825309, 1795810902.837123, NULL);
INSERT INTO public.job VALUES ('72e7be9caa8679eea4be97ab912fe40b', 'ip:testclient', 'completed', 'woman at sunset', 'woman at sunset', '', 1, 'high', 3, 1, 32, 32, 7, 'heun', 'png', NULL, '[]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 2, NULL, NULL, 1795810902.703803, 1795810902.714475, 1795810902.728923);
INSERT INTO public.job VALUES ('3c9a5ab8618ec8bacb4090dfc463eb93', 'ip:testclient', 'failed', 'red woman', 'jade woman, red woman', 'low quality, blurry, distorted', 2, 'high', 2, 7, 32, 32, 12, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, NULL, 0, 2, 'nan', 'picture 2: the picture came out as not-a-number', 1795810902.743009, 1795810902.752514, 1795810902.770321);
INSERT INTO public.job VALUES ('824e0c87eba7f9820fb921ddd44773d5', 'ip:testclient', 'processing', 'jade woman, red dress', 'jade woman, red dress', 'low quality, blurry, distorted', 2, 'high', 4, 7, 32, 32, 60, 'euler', 'jpeg', 'jade-v2', '[{"name": "jade", "version": "2", "sha256": "fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e", "short_hash": "2d8c59bb59ad", "weight": 0.9}]', 'lora-studio-demo', '49f59f1b93aeafe786d58633ef90a7cb1cfddaf98caa76478d33e4168aa41cb5', 1, 0, '61ea550169766b7057773b4a336e6502/95b33b78', 1795810913.393445, 0, NULL, NULL, 1795810903.381782, 1795810903.393454, NULL);
INSERT INTO public.job_event VALUES ('2c146bf013b4a126bbcff60b9d40e52d', 1, 'image', '{"id": "2c146bf013b4a126bbcff60b9d40e52d-2", "index": 1, "storage_key": "generations/2c146bf013b4a126bbcff60b9d40e52d/2c146bf013b4a126bbcff60b9d40e52d-2.jpg", "thumbnail_key": null, "seed": 0, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1681}', 1795810902.661303);
INSERT INTO public.job_event VALUES ('2c146bf013b4a126bbcff60b9d40e52d', 2, 'image', '{"id": "2c146bf013b4a126bbcff60b9d40e52d-3", "index": 2, "storage_key": "generations/2c146bf013b4a126bbcff60b9d40e52d/2c146bf013b4a126bbcff60b9d40e52d-3.jpg", "thumbnail_key": null, "seed": 1, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1657}', 1795810902.669737);
INSERT INTO public.job_event VALUES ('2c146bf013b4a126bbcff60b9d40e52d', 3, 'image', '{"id": "2c146bf013b4a126bbcff60b9d40e52d-1", "index": 0, "storage_key": "generations/2c146bf013b4a126bbcff60b9d40e52d/2c146bf013b4a126bbcff60b9d40e52d-1.jpg", "thumbnail_key": null, "seed": 4294967295, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1690}', 1795810902.67552);
INSERT INTO public.job_event VALUES ('2c146bf013b4a126bbcff60b9d40e52d', 4, 'completed', '{"job_id": "2c146bf013b4a126bbcff60b9d40e52d", "status": "completed", "images_completed": 3, "images_total": 3, "error": null}', 1795810902.68933);
INSERT INTO public.job_event VALUES ('72e7be9caa8679eea4be97ab912fe40b', 1, 'image', '{"id": "72e7be9caa8679eea4be97ab912fe40b-1", "index": 0, "storage_key": "generations/72e7be9caa8679eea4be97ab912fe40b/72e7be9caa8679eea4be97ab912fe40b-1.png", "thumbnail_key": null, "seed": 7, "width": 32, "height": 32, "content_type": "image/png", "bytes": 445}', 1795810902.726048);
INSERT INTO public.job_event VALUES ('72e7be9caa8679eea4be97ab912fe40b', 2, 'completed', '{"job_id": "72e7be9caa8679eea4be97ab912fe40b", "status": "completed", "images_completed": 1, "images_total": 1, "error": null}', 1795810902.728923);
INSERT INTO public.job_event VALUES ('3c9a5ab8618ec8bacb4090dfc463eb93', 1, 'image', '{"id": "3c9a5ab8618ec8bacb4090dfc463eb93-1", "index": 0, "storage_key": "generations/3c9a5ab8618ec8bacb4090dfc463eb93/3c9a5ab8618ec8bacb4090dfc463eb93-1.jpg", "thumbnail_key": null, "seed": 12, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1678}', 1795810902.765385);
INSERT INTO public.job_event VALUES ('3c9a5ab8618ec8bacb4090dfc463eb93', 2, 'failed', '{"job_id": "3c9a5ab8618ec8bacb4090dfc463eb93", "status": "failed", "images_completed": 1, "images_total": 2, "error": {"code": "nan", "detail": "picture 2: the picture came out as not-a-number"}}', 1795810902.770321);
INSERT INTO public.job_event VALUES ('dee23e7bcdd3ec0398e2a2e761f01a0e', 1, 'cancelled', '{"job_id": "dee23e7bcdd3ec0398e2a2e761f01a0e", "status": "cancelled", "images_completed": 0, "images_total": 2, "error": null}', 1795810902.810926);
INSERT INTO public.job_event VALUES ('8f856ac0fe25cf6091d72a7fc7cb0289', 1, 'image', '{"id": "8f856ac0fe25cf6091d72a7fc7cb0289-1", "index": 0, "storage_key": "generations/8f856ac0fe25cf6091d72a7fc7cb0289/8f856ac0fe25cf6091d72a7fc7cb0289-1.jpg", "thumbnail_key": null, "seed": 30, "width": 32, "height": 32, "content_type": "image/jpeg", "bytes": 1638}', 1795810902.862794);
INSERT INTO public.lora VALUES ('amber', 'amber', NULL, '51dfd44f7774fee90a3fc5cfa987ca8f978789902487e862d65f3a5aa73905c9', '92c135ebbc74', 316, 1, 1, false, NULL, NULL, 'lora-studio-demo', '{"studio.base_model": "lora-studio-demo"}', 1795810902.382899);
INSERT INTO public.lora VALUES ('jade-v1', 'jade', '1', '2dff5981e5a4d81441494974e9cd4f73350c1e2456074dbc1d8236a3b34d281b', '94bc92e99332', 358, 1, 1, false, 'jade woman', NULL, 'lora-studio-demo', '{"studio.base_model": "lora-studio-demo", "modelspec.trigger_phrase": "jade woman"}', 1795810902.382899);
INSERT INTO public.lora VALUES ('jade-v2', 'jade', '2', 'fd44d34dc1e52033e4c75b611c3352faf049fe855614271b2e8f2ae69f04ef2e', '2d8c59bb59ad', 358, 1, 1, false, 'jade woman', NULL, 'lora-studio-demo', '{"studio.base_model": "lora-studio-demo", "modelspec.trigger_phrase": "jade woman"}', 1795810902.382899);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.image
    ADD CONSTRAINT pk_image PRIMARY KEY (id);
ALTER TABLE ONLY public.job
    ADD CONSTRAINT pk_job PRIMARY KEY (id);
ALTER TABLE ONLY public.job_event
    ADD CONSTRAINT pk_job_event PRIMARY KEY (job_id, seq);
ALTER TABLE ONLY public.lora
    ADD CONSTRAINT pk_lora PRIMARY KEY (label);
ALTER TABLE ONLY public.image
    ADD CONSTRAINT uq_image_job_id UNIQUE (job_id, n);
CREATE INDEX ix_job_owner_created ON public.job USING btree (owner, created_at_s);
CREATE INDEX ix_job_status_created ON public.job USING btree (status, created_at_s);
CREATE INDEX ix_lora_name ON public.lora USING btree (name);
ALTER TABLE ONLY public.image
    ADD CONSTRAINT fk_image_job_id_job FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_event
    ADD CONSTRAINT fk_job_event_job_id_job FOREIGN KEY (job_id) REFERENCES public.job(id) ON DELETE CASCADE;
